//! Names: RFC 1123 and RFC 1035 labels, uniqueness, namespaces, label values.

use std::collections::BTreeMap;

use super::lookup::fault;
use crate::diag::{Code, Sink, Span};
use crate::validate::Facts;

/// The longest label (RFC 1123).
pub(super) const LABEL: usize = 63;

/// Whether a text is an RFC 1123 label; with `letter_first`, an RFC 1035 one.
pub(super) fn is_label(text: &str, letter_first: bool) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let first = text.bytes().next();
    let begins =
        first.is_some_and(|c| c.is_ascii_lowercase() || (!letter_first && c.is_ascii_digit()));
    begins && text.len() <= LABEL && text.bytes().all(inner) && !text.ends_with('-')
}

/// The nearest label to a text, as a remedy.
fn as_label(text: &str, letter_first: bool) -> String {
    let mut label = String::new();
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        match c {
            'a'..='z' | '0'..='9' => label.push(c),
            _ if !label.ends_with('-') && !label.is_empty() => label.push('-'),
            _ => {}
        }
    }
    let skip = |c: char| c == '-' || (letter_first && c.is_ascii_digit());
    let label: String = label.trim_start_matches(skip).chars().take(LABEL).collect();
    label.trim_end_matches('-').to_owned()
}

/// All names that stand in objects are labels.
pub(super) fn legal(facts: &Facts<'_>, sink: &mut Sink) {
    let raw = facts.raw;
    let mut check = |kind: &str, name: &str, span: Span, letter_first: bool| {
        if is_label(name, letter_first) {
            return;
        }
        let first = if letter_first {
            ", starting with a letter"
        } else {
            ""
        };
        let message = format!("`{name}` cannot be the name of a {kind}");
        let mut fault = fault(Code::InvalidName, message, span).note(format!(
            "it takes 1 to {LABEL} lower-case letters, digits and `-`{first}, with no `-` at either end"
        ));
        let near = as_label(name, letter_first);
        fault = match near.is_empty() || near == name {
            true => fault.help("choose another name"),
            false => fault.help(format!("write `{near}`")),
        };
        sink.emit(fault);
    };
    check(
        "fleet",
        raw.fleet.fleet.value.as_str(),
        raw.fleet.fleet.span,
        false,
    );
    for wave in &raw.fleet.waves {
        check("wave", wave.value.as_str(), wave.span, false);
    }
    for region in &raw.regions {
        check(
            "region",
            region.region.value.as_str(),
            region.region.span,
            false,
        );
        for cluster in &region.clusters {
            check(
                "cluster",
                cluster.name.value.as_str(),
                cluster.name.span,
                false,
            );
            if let Some(environment) = &cluster.environment {
                check(
                    "environment",
                    environment.value.as_str(),
                    environment.span,
                    false,
                );
            }
        }
    }
    for entry in &raw.services {
        let service = &entry.service;
        check(
            "service",
            service.service.value.as_str(),
            service.service.span,
            true,
        );
        if let Some(span) = entry.named {
            check("environment", entry.environment.as_str(), span, false);
        }
        if let Some(namespace) = &service.namespace {
            check("namespace", namespace.value.as_str(), namespace.span, false);
        }
        for store in &service.stores {
            check("store", store.name.value.as_str(), store.name.span, true);
        }
        for (volume, _) in &service.workload.volumes {
            check("volume", &volume.value, volume.span, false);
        }
        for init in &service.workload.init {
            check("container", &init.name.value, init.name.span, false);
        }
    }
}

/// No two things of a kind have the same name.
pub(super) fn unique(facts: &Facts<'_>, sink: &mut Sink) {
    let raw = facts.raw;
    let regions = raw
        .regions
        .iter()
        .map(|r| (r.region.value.to_string(), r.region.span));
    twice("region", regions, sink);
    let clusters = raw.regions.iter().flat_map(|r| &r.clusters);
    twice(
        "cluster",
        clusters.map(|c| (c.name.value.to_string(), c.name.span)),
        sink,
    );
    let mut hosts: BTreeMap<(String, &str), Vec<(Span, &str)>> = BTreeMap::new();
    for entry in &raw.services {
        let service = &entry.service;
        let stores = service
            .stores
            .iter()
            .map(|s| (s.name.value.to_string(), s.name.span));
        twice("store", stores, sink);
        let init = service
            .workload
            .init
            .iter()
            .map(|c| (c.name.value.clone(), c.name.span));
        let main = std::iter::once((service.service.value.to_string(), service.service.span));
        twice("container", main.chain(init), sink);
        if let Some(exposure) = &service.exposure {
            let host = exposure.value.host.value.to_ascii_lowercase();
            hosts
                .entry((host, entry.environment.as_str()))
                .or_default()
                .push((exposure.value.host.span, service.service.value.as_str()));
        }
    }
    for ((host, _), places) in hosts {
        let [(first, by), rest @ ..] = places.as_slice() else {
            continue;
        };
        for (span, _) in rest {
            sink.emit(
                fault(
                    Code::DuplicateName,
                    format!("host `{host}` is exposed twice"),
                    *span,
                )
                .see(*first, format!("by `{by}`"))
                .help("give each service a host of its own"),
            );
        }
    }
    // The same service in two files is impossible: a file is named after its service.
}

fn twice(kind: &str, names: impl Iterator<Item = (String, Span)>, sink: &mut Sink) {
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    for (name, span) in names {
        if let Some(first) = seen.get(&name) {
            sink.emit(
                fault(
                    Code::DuplicateName,
                    format!("{kind} `{name}` stands twice"),
                    span,
                )
                .see(*first, "first here")
                .help("rename one of them"),
            );
        } else {
            seen.insert(name, span);
        }
    }
}

/// Kubernetes' own namespaces hold none of our services.
pub(super) fn namespaces(facts: &Facts<'_>, sink: &mut Sink) {
    for entry in &facts.raw.services {
        let Some(namespace) = &entry.service.namespace else {
            continue;
        };
        let name = namespace.value.as_str();
        if name == "default" || name.starts_with("kube-") {
            sink.emit(
                fault(
                    Code::ReservedNamespace,
                    format!("the namespace `{name}` belongs to Kubernetes"),
                    namespace.span,
                )
                .help(format!(
                    "choose another, such as `{}`",
                    facts.raw.fleet.fleet.value
                )),
            );
        }
    }
}

/// Teams become label values, which are short and plain.
pub(super) fn owners(facts: &Facts<'_>, sink: &mut Sink) {
    for entry in &facts.raw.services {
        let Some(team) = entry.service.owner.as_ref().map(|o| &o.team) else {
            continue;
        };
        let text = team.value.as_str();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let fits = text.len() <= LABEL
            && text.chars().all(plain)
            && ends(text.chars().next())
            && ends(text.chars().last());
        if !fits {
            let near: String = text
                .chars()
                .map(|c| if plain(c) { c } else { '-' })
                .take(LABEL)
                .collect();
            let near = near.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            sink.emit(
                fault(Code::InvalidLabel, format!("the team `{text}` does not fit into a label"), team.span)
                    .note(format!("a label's value has at most {LABEL} letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"))
                    .help(match near.is_empty() {
                        true => "write a short name, such as `payments`".to_owned(),
                        false => format!("write `{near}`"),
                    }),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_of_the_rfcs() {
        for (text, rfc1123, rfc1035) in [
            ("a", true, true),
            ("web-1", true, true),
            ("1web", true, false),
            ("-web", false, false),
            ("web-", false, false),
            ("Web", false, false),
            ("we_b", false, false),
            ("", false, false),
            (&"a".repeat(63), true, true),
            (&"a".repeat(64), false, false),
        ] {
            assert_eq!(is_label(text, false), rfc1123, "{text}");
            assert_eq!(is_label(text, true), rfc1035, "{text}");
        }
        assert_eq!(as_label("My Shop!", false), "my-shop");
        assert_eq!(as_label("1st_web", true), "st-web");
    }
}
