//! Environment variables, in an order in which Kubernetes can expand them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::world::EnvValue;

use super::super::fact::Item;
use super::Of;

/// The variables of a container: first those by which it finds its stores, which others may
/// mention, then its own.
pub(super) fn env(
    of: &Of<'_>,
    path: &str,
    env: &BTreeMap<String, EnvValue>,
    connections: &[Item],
) -> Item {
    let list = ordered(env).into_iter().map(|(name, value)| {
        let path = format!("{path}.{name}");
        let (member, value) = match value {
            EnvValue::Plain(text) => ("value", of.at(&path, &text.value)),
            EnvValue::Secret { name, key } => (
                "valueFrom",
                Item::map([(
                    "secretKeyRef",
                    Item::map([("name", of.at(&path, name)), ("key", of.at(&path, key))]),
                )]),
            ),
            EnvValue::Field(field) => (
                "valueFrom",
                Item::map([("fieldRef", Item::map([("fieldPath", of.at(&path, field))]))]),
            ),
        };
        Item::map([("name", Item::new(name)), (member, value)]).of(of.0, path)
    });
    Item::list(connections.iter().cloned().chain(list))
        .of(of.0, path)
        .or_nothing()
}

/// By name, but after those that a value mentions: Kubernetes expands `$(NAME)` only from
/// variables that are listed before (EnvVar, API reference). In a circle not all can be expanded:
/// its first by name opens it.
fn ordered(env: &BTreeMap<String, EnvValue>) -> Vec<(&String, &EnvValue)> {
    let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut needed_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in env {
        let mut before = match value {
            EnvValue::Plain(text) => mentioned(&text.value),
            EnvValue::Secret { .. } | EnvValue::Field(_) => BTreeSet::new(),
        };
        before.retain(|m| m != name && env.contains_key(*m));
        for before in &before {
            needed_by.entry(before).or_default().push(name);
        }
        needs.insert(name, before);
    }
    let free = needs.iter().filter(|(_, before)| before.is_empty());
    let mut ready: BTreeSet<&str> = free.map(|(name, _)| *name).collect();
    let mut order = Vec::with_capacity(env.len());
    while let Some(name) = ready.pop_first().or_else(|| in_a_circle(&needs)) {
        needs.remove(name);
        order.extend(env.get_key_value(name));
        for after in needed_by.remove(name).unwrap_or_default() {
            if let Some(before) = needs.get_mut(after)
                && before.remove(name)
                && before.is_empty()
            {
                ready.insert(after);
            }
        }
    }
    order
}

/// The first by name of a circle, where everything that is left needs something that is left.
fn in_a_circle<'a>(needs: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Option<&'a str> {
    let mut walked: Vec<&str> = needs.keys().next().copied().into_iter().collect();
    loop {
        let next = needs.get(walked.last()?)?.first()?;
        if let Some(start) = walked.iter().position(|w| w == next) {
            return walked[start..].iter().min().copied();
        }
        walked.push(next);
    }
}

/// The variables that Kubernetes would expand in a text: `$(NAME)`, where `$$` is a plain `$`.
fn mentioned(text: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            rest = after;
        } else if let Some(after) = rest.strip_prefix('(')
            && let Some(end) = after.find(')')
        {
            names.insert(&after[..end]);
            rest = &after[end + 1..];
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Sources, Span, Spanned};

    #[test]
    fn what_is_mentioned_comes_first_and_names_decide_otherwise() {
        type Written<'a> = &'a [(&'a str, &'a str)];
        let cases: [(&str, Written<'_>, &str); 8] = [
            ("by name", &[("B", "1"), ("A", "2")], "A B"),
            (
                "one mention",
                &[("A", "$(Z)/x"), ("B", ""), ("Z", "1")],
                "B Z A",
            ),
            (
                "a chain",
                &[("A", "$(B)"), ("B", "$(C)$(D)"), ("C", ""), ("D", "$(C)")],
                "C D B A",
            ),
            ("escaped", &[("A", "$$(Z)"), ("Z", "")], "A Z"),
            (
                "escaped dollar before a mention",
                &[("A", "$$$(Z)"), ("Z", "")],
                "Z A",
            ),
            (
                "unknown, itself, or open",
                &[("A", "$(A)$(NO)$(Z"), ("Z", "$")],
                "A Z",
            ),
            (
                "a circle",
                &[("A", "$(B)"), ("B", "$(A)"), ("C", "$(B)")],
                "A B C",
            ),
            (
                "what needs a circle",
                &[("A", "$(Y)"), ("X", "$(Y)"), ("Y", "$(X)")],
                "X Y A",
            ),
        ];
        let source = Sources::new().add("services/a.yaml", "service: a\n");
        for (case, written, expected) in cases {
            let plain = |text: &str| {
                EnvValue::Plain(Spanned::new(text.to_owned(), Span::new(source, 0, 1)))
            };
            let env: BTreeMap<String, EnvValue> = written
                .iter()
                .map(|(name, text)| ((*name).to_owned(), plain(text)))
                .collect();
            let order: Vec<&str> = ordered(&env).iter().map(|(n, _)| n.as_str()).collect();
            assert_eq!(order.join(" "), expected, "{case}");
        }
    }
}
