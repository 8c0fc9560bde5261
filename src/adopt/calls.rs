//! Variables such as `CART_ADDR=cart:7070` become guesses about who calls whom.

use std::collections::{BTreeMap, BTreeSet};

use super::around::Around;
use super::text::{Field, Item, field};

/// A service's texts that may name others.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) service: String,
    pub(super) namespace: String,
    /// Variables and their texts.
    pub(super) texts: Vec<(String, String)>,
}

/// The calls of each caller, by its name, each with the variable that it was guessed from.
pub(super) fn guess(callers: &[Caller], around: &Around) -> BTreeMap<String, Item> {
    let mut edges: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for caller in callers {
        // By callee: the ports that are named, none for all; and the variables that name it.
        let mut found: BTreeMap<(String, Option<String>), Vec<&str>> = BTreeMap::new();
        for (variable, text) in &caller.texts {
            for target in targets(text, &caller.namespace, around) {
                if target.0 != caller.service {
                    let variables = found.entry(target).or_default();
                    if !variables.contains(&variable.as_str()) {
                        variables.push(variable);
                    }
                }
            }
        }
        let mut list = Vec::new();
        for ((callee, port), variables) in found {
            let circle = reaches(&edges, &callee, &caller.service);
            if !circle {
                edges
                    .entry(&caller.service)
                    .or_default()
                    .insert(callee.clone());
            }
            let mut note = format!("a guess, from {}", variables.join(", "));
            let item = match (port, circle) {
                (None, false) => Item::text(callee),
                (port, circle) => {
                    let mut fields: Vec<Field> = vec![field("service", Item::text(callee))];
                    fields.extend(port.map(|p| field("port", Item::text(p))));
                    if circle {
                        fields.push(field("onFailure", Item::plain("degrade")));
                        note.push_str("; without `degrade`, services would wait for each other");
                    }
                    Item::Fields(fields)
                }
            };
            list.push((item, Some(note)));
        }
        if !list.is_empty() {
            all.insert(caller.service.clone(), Item::List(list));
        }
    }
    all
}

fn reaches(edges: &BTreeMap<&str, BTreeSet<String>>, from: &str, to: &str) -> bool {
    let mut open = vec![from];
    let mut seen = BTreeSet::new();
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            let next = edges.get(at).into_iter().flatten();
            open.extend(next.map(String::as_str));
        }
    }
    false
}

/// Services that a text names with one of their ports.
fn targets(text: &str, namespace: &str, around: &Around) -> Vec<(String, Option<String>)> {
    let parts = text.split([',', ';', '|', ' ', '\t', '\n', '"', '\'']);
    parts.filter_map(|p| target(p, namespace, around)).collect()
}

fn target(text: &str, namespace: &str, around: &Around) -> Option<(String, Option<String>)> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit('@').next()?;
    let (host, port) = match (host.split_once(':'), scheme) {
        (Some((host, port)), _) => (host, port.parse().ok()?),
        (None, Some("http")) => (host, 80),
        (None, Some("https")) => (host, 443),
        (None, _) => return None,
    };
    let mut labels = host.trim_end_matches('.').split('.');
    let name = labels.next()?.to_owned();
    let namespace = match (labels.next(), labels.next()) {
        (None, _) => namespace,
        (Some(namespace), None | Some("svc")) => namespace,
        (Some(_), Some(_)) => return None,
    };
    let callee = around.callees.get(&(namespace.to_owned(), name))?;
    let port: u16 = port;
    let found = callee.ports.iter().find(|p| p.called && p.port == port)?;
    let named = (callee.ports.len() > 1).then(|| found.name.clone());
    Some((callee.service.clone(), named))
}
