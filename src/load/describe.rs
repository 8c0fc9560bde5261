//! What a field of a service means and what it is when nobody writes it, out of the schema.

use serde_json::Value;

use super::schema;

/// The description of a field by its path (`workload.scale.min`, `stores[0].engine`), with its
/// default; `None` where a service has no such field.
pub fn describe(path: &str) -> Option<String> {
    let root = schema::service();
    let mut at = root;
    for segment in path.split('.') {
        let (name, indexes) = segment
            .split_once('[')
            .map_or((segment, 0), |(name, rest)| {
                (name, 1 + rest.matches('[').count())
            });
        at = member(root, at, name)?;
        for _ in 0..indexes {
            at = branches(root, at)
                .into_iter()
                .find_map(|s| s.get("items"))?;
        }
    }
    let text = branches(root, at)
        .into_iter()
        .find_map(|s| s.get("description")?.as_str())?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The paths of all fields of a service that have a name of their own.
pub fn fields() -> Vec<String> {
    let mut all = Vec::new();
    collect(schema::service(), schema::service(), "", 0, &mut all);
    all.sort();
    all.dedup();
    all
}

fn collect(root: &Value, at: &Value, prefix: &str, depth: usize, all: &mut Vec<String>) {
    if depth > 6 {
        return;
    }
    for branch in branches(root, at) {
        for (name, next) in branch
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let path = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}.{name}")
            };
            collect(root, next, &path, depth + 1, all);
            all.push(path);
        }
    }
}

fn member<'s>(root: &'s Value, at: &'s Value, name: &str) -> Option<&'s Value> {
    let branches = branches(root, at);
    let named = branches.iter().find_map(|s| s.get("properties")?.get(name));
    named.or_else(|| branches.iter().find_map(|s| s.get("additionalProperties")))
}

/// A schema with those that it refers to or chooses among; what stands nearest comes first.
fn branches<'s>(root: &'s Value, at: &'s Value) -> Vec<&'s Value> {
    let mut found = vec![at];
    let mut next = 0;
    while next < found.len() && found.len() < 64 {
        let schema = found[next];
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            found.extend(reference.strip_prefix('#').and_then(|p| root.pointer(p)));
        }
        for choice in ["anyOf", "oneOf", "allOf"] {
            found.extend(
                schema
                    .get(choice)
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten(),
            );
        }
        next += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_described_with_their_defaults() {
        for (path, part) in [
            ("workload.scale.min", "Default: 3 for tier `critical`"),
            ("tier", "Default: `standard`"),
            ("stores[0].size", "Default: `10Gi`"),
            ("workload.ports.grpc", "port"),
        ] {
            let text = describe(path).unwrap_or_default();
            assert!(text.contains(part), "{path}: {text}");
        }
        assert_eq!(describe("workload.scael"), None);
        assert!(fields().iter().any(|f| f == "workload.resources.memory"));
    }
}
