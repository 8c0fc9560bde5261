//! Who owns a place of a live object, by its managed fields.
//!
//! Source: KEP-555 (server-side apply) and structured-merge-diff's serialisation of field sets.

use serde_json::{Map, Value};

use crate::model::finding::Manager;
use crate::model::live::LiveObject;
use crate::normalise::Key;

use super::path::Step;

/// What kind of writer a field manager is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// A person's tool.
    Interactive,
    /// A name that stands for writers that were not recorded.
    Pseudo,
    /// A controller.
    Other,
    /// One that applies the repository.
    Own,
}

/// Names of tools that people use; `*` stands for any text.
const INTERACTIVE: &[&str] = &[
    "kubectl",
    "kubectl-*",
    "oc",
    "k9s",
    "lens",
    "freelens",
    "openlens",
    "node-fetch",
    "mozilla",
    "dashboard",
    "kubernetes-dashboard",
    "headlamp",
    "octant",
    "curl",
    "httpie",
    "python-requests",
    "openapi-generator",
    "terraform*",
    "hashicorp",
    "pulumi*",
    "ansible*",
    "argocd-server",
    "go-http-client",
    "axios",
    "okhttp",
    "powershell",
];

/// Names that stand for writers that were not recorded.
const PSEUDO: &[&str] = &["before-first-apply", "ancient-changes", "unknown"];

/// One entry of `metadata.managedFields`.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Who, how and when.
    pub(super) by: Manager,
    pub(super) class: Class,
    fields: Option<Map<String, Value>>,
}

impl Entry {
    /// Whether a person wrote it, by name or not recorded.
    pub(super) fn is_person(&self) -> bool {
        matches!(self.class, Class::Interactive | Class::Pseudo)
    }
}

/// Settings that tell managers apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes<'a> {
    pub(super) appliers: &'a [String],
    pub(super) interactive: &'a [String],
    /// Whether a name that is in no list counts as a person.
    pub(super) strict: bool,
}

impl Classes<'_> {
    pub(super) fn class(&self, manager: &str) -> Class {
        let listed = |names: &[String]| names.iter().any(|n| glob(n, manager));
        if listed(self.appliers) {
            return Class::Own;
        }
        if PSEUDO.contains(&manager) {
            return Class::Pseudo;
        }
        let lower = manager.to_lowercase();
        let plain = lower.strip_suffix(".exe").unwrap_or(&lower);
        if listed(self.interactive) || INTERACTIVE.iter().any(|n| glob(n, plain)) || self.strict {
            return Class::Interactive;
        }
        Class::Other
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// The entries of an object.
pub(super) fn entries(object: &LiveObject, classes: &Classes<'_>) -> Vec<Entry> {
    let read = object
        .managed
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok());
    let whole = || object.body.pointer("/metadata/managedFields").cloned();
    let Some(Value::Array(list)) = read.or_else(whole) else {
        return Vec::new();
    };
    list.into_iter()
        .map(|mut entry| {
            let text = |key| entry.get(key).and_then(Value::as_str).map(str::to_owned);
            let by = Manager {
                manager: text("manager").unwrap_or_default(),
                operation: text("operation").unwrap_or_default(),
                subresource: text("subresource").filter(|s| !s.is_empty()),
                time: text("time"),
            };
            Entry {
                class: classes.class(&by.manager),
                by,
                fields: match entry.get_mut("fieldsV1").map(Value::take) {
                    Some(Value::Object(fields)) => Some(fields),
                    _ => None,
                },
            }
        })
        .collect()
}

/// How near to a place an entry's ownership is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Exact,
    Below,
    Above(usize),
}

/// The entries that own a place, most telling first: those that own exactly it, else something
/// below it, else the nearest value above it that is owned as a whole.
pub(super) fn owners<'e>(entries: &'e [Entry], path: &[Step<'_>]) -> Vec<&'e Entry> {
    let mut reached: Vec<(Reach, &Entry)> = entries
        .iter()
        .filter_map(|entry| Some((reach(entry.fields.as_ref()?, path)?, entry)))
        .collect();
    let Some(nearest) = reached.iter().map(|(r, _)| *r).min_by_key(|r| match r {
        Reach::Exact => (0, 0),
        Reach::Below => (1, 0),
        Reach::Above(distance) => (2, *distance),
    }) else {
        return Vec::new();
    };
    reached.retain(|(r, _)| *r == nearest);
    let mut found: Vec<&Entry> = reached.into_iter().map(|(_, e)| e).collect();
    found.sort_by_key(|e| e.class);
    found
}

fn reach(fields: &Map<String, Value>, path: &[Step<'_>]) -> Option<Reach> {
    // A Secret's `stringData` is kept in `data`, but managed under its own name.
    if let [Step::Name("data"), rest @ ..] = path
        && let Some(Value::Object(string_data)) = fields.get("f:stringData")
        && let Some(found) = walk(string_data, rest)
    {
        return Some(found);
    }
    walk(fields, path)
}

fn walk(fields: &Map<String, Value>, path: &[Step<'_>]) -> Option<Reach> {
    let mut at = fields;
    for (i, step) in path.iter().enumerate() {
        match child(at, step) {
            Some(next) => {
                at = next;
                if i + 1 == path.len() {
                    return Some(match at.is_empty() || at.contains_key(".") {
                        true => Reach::Exact,
                        false => Reach::Below,
                    });
                }
                if at.is_empty() {
                    return Some(Reach::Above(path.len() - 1 - i));
                }
            }
            None => return None,
        }
    }
    None
}

fn child<'f>(fields: &'f Map<String, Value>, step: &Step<'_>) -> Option<&'f Map<String, Value>> {
    let object = |key: &str| fields.get(key).and_then(Value::as_object);
    match step {
        Step::Name(name) => object(&format!("f:{name}")),
        Step::Element(key, _) => {
            object(&serialised(key, false)).or_else(|| object(&serialised(key, true)))
        }
    }
}

/// A key as managed fields write it: `k:{"port":80,"protocol":"TCP"}`, `v:"blue"`.
fn serialised(key: &Key<'_>, html: bool) -> String {
    let json = |text: &str, string: bool| {
        let json = match string {
            true => Value::from(text).to_string(),
            false => text.to_owned(),
        };
        // Go's encoder escapes these unless told otherwise.
        match html {
            true => json
                .replace('<', "\\u003c")
                .replace('>', "\\u003e")
                .replace('&', "\\u0026"),
            false => json,
        }
    };
    if let [one] = key.0.as_slice()
        && one.name.is_empty()
    {
        return format!("v:{}", json(&one.text, one.string));
    }
    let mut parts: Vec<_> = key.0.iter().collect();
    parts.sort_by_key(|p| p.name);
    let members: Vec<String> = parts
        .iter()
        .map(|p| format!("{}:{}", json(p.name, true), json(&p.text, p.string)))
        .collect();
    format!("k:{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managers_have_classes() {
        let appliers = ["kustomize-controller".to_owned()];
        let classes = Classes {
            appliers: &appliers,
            ..Classes::default()
        };
        for (name, class) in [
            ("kustomize-controller", Class::Own),
            ("kubectl", Class::Interactive),
            ("kubectl-edit", Class::Interactive),
            ("kubectl.exe", Class::Interactive),
            ("Mozilla", Class::Interactive),
            ("PowerShell", Class::Interactive),
            ("before-first-apply", Class::Pseudo),
            ("kube-controller-manager", Class::Other),
            ("kubectlx", Class::Other),
        ] {
            assert_eq!(classes.class(name), class, "{name}");
        }
    }

    #[test]
    fn globs() {
        for (pattern, text, fits) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*a", "ba", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }
}
