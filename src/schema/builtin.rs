//! Reads the embedded table of built-in types.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::types::{
    Condition, Field, META, Root, Schemas, Served, Struct, StructId, Test, Type, Zero,
};

/// Reads the table; its form stands in its first lines. Lines that it does not understand are
/// left out, and a test holds that there are none.
pub(super) fn parse(text: &str) -> Schemas {
    let mut names: BTreeMap<Arc<str>, StructId> = BTreeMap::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix('@') {
            let name = head.strip_suffix(" atomic").unwrap_or(head);
            let id = StructId(names.len() as u32);
            names.insert(name.into(), id);
        }
    }
    let mut schemas = Schemas {
        names,
        ..Schemas::default()
    };
    let mut current: Option<Struct> = None;
    for line in text.lines() {
        if line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix('=') {
            root(&mut schemas, head);
        } else if let Some(head) = line.strip_prefix('@') {
            if let Some(done) = current.take() {
                schemas.push(done);
            }
            let name = head.strip_suffix(" atomic").unwrap_or(head);
            current = Some(Struct {
                name: name.into(),
                built_in: true,
                atomic: name.len() != head.len(),
                ..Struct::default()
            });
        } else if let Some(s) = &mut current {
            if let Some(condition) = line.strip_prefix('?') {
                s.when.extend(when(condition));
            } else {
                s.fields.extend(field(&schemas.names, line));
            }
        }
    }
    if let Some(done) = current {
        schemas.push(done);
    }
    schemas.meta = schemas.named(META).map(Type::Struct);
    schemas
}

fn root(schemas: &mut Schemas, head: &str) {
    let mut columns = head.split('\t');
    let (Some(api_version), Some(kind), Some(scope), Some(ty)) = (
        columns.next(),
        columns.next(),
        columns.next(),
        columns.next(),
    ) else {
        return;
    };
    let Some(id) = schemas.named(ty) else { return };
    schemas.roots.entry(api_version.into()).or_default().insert(
        kind.into(),
        Root {
            ty: Type::Struct(id),
            namespaced: Some(scope == "Namespaced"),
            built_in: true,
            served: columns.next().map_or(Served::ALWAYS, served),
            rules: None,
            cel: 0,
        },
    );
}

fn field(names: &BTreeMap<Arc<str>, StructId>, line: &str) -> Option<Field> {
    let mut columns = line.split('\t');
    let name = columns.next()?;
    let ty = ty(names, columns.next()?)?;
    let flags = columns.next().unwrap_or("");
    let values = columns.next().unwrap_or("");
    let default = columns.next().unwrap_or("");
    let served = columns.next().map_or(Served::ALWAYS, served);
    let mut values: Vec<Arc<str>> = values
        .split(',')
        .filter(|v| !v.is_empty())
        .map(Into::into)
        .collect();
    if flags.contains('b') {
        values.push("".into());
    }
    Some(Field {
        name: name.into(),
        ty,
        required: flags.contains('r'),
        zero: if flags.contains('z') {
            Zero::Absent
        } else {
            Zero::Kept
        },
        empty_is_absent: flags.contains('e'),
        nullable: false,
        values: values.into(),
        default: match default {
            "" => None,
            json => serde_json::from_str(json).ok(),
        },
        served,
    })
}

/// `1.31`, `-1.35` or `1.31-1.35`.
fn served(text: &str) -> Served {
    let minor = |text: &str| text.strip_prefix("1.").and_then(|m| m.parse().ok());
    let (since, until) = text.split_once('-').unwrap_or((text, ""));
    Served {
        since: minor(since),
        until: minor(until),
    }
}

fn ty(names: &BTreeMap<Arc<str>, StructId>, text: &str) -> Option<Type> {
    if let Some(name) = text.strip_prefix('@') {
        return names.get(name).map(|id| Type::Struct(*id));
    }
    if let Some((head, inner)) = text.strip_suffix(')').and_then(|t| t.split_once('(')) {
        let inner = Box::new(ty(names, inner)?);
        return Some(match head {
            "list" => Type::List(inner),
            "set" => Type::Set(inner),
            "dict" => Type::Dict(inner),
            "atomic" => Type::Atomic(inner),
            _ => {
                let keys = head.strip_prefix("map[")?.strip_suffix(']')?;
                Type::Keyed(keys.split(',').map(Arc::from).collect(), inner)
            }
        });
    }
    Some(match text {
        "any" => Type::Any,
        "string" => Type::String,
        "int32" => Type::Int32,
        "int64" => Type::Int64,
        "number" => Type::Number,
        "bool" => Type::Bool,
        "quantity" => Type::Quantity,
        "intstr" => Type::IntOrString,
        "time" => Type::Time,
        "bytes" => Type::Bytes,
        _ => return None,
    })
}

fn when(line: &str) -> Option<Condition> {
    let (tests, set) = line.split_once('\t')?;
    let tests = tests
        .split('&')
        .map(|test| {
            if let Some(name) = test.strip_prefix('+') {
                Some(Test::Present(name.into()))
            } else if let Some(name) = test.strip_prefix('-') {
                Some(Test::Absent(name.into()))
            } else {
                let (name, value) = test.split_once('=')?;
                Some(Test::Equals(name.into(), value.into()))
            }
        })
        .collect::<Option<Vec<_>>>()?;
    let Ok(Value::Object(set)) = serde_json::from_str(set) else {
        return None;
    };
    Some(Condition {
        tests,
        set: set
            .into_iter()
            .map(|(k, v)| (k.as_str().into(), v))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table_is_understood() {
        let text = include_str!("kubernetes.txt");
        let schemas = parse(text);
        let fields = text
            .lines()
            .filter(|l| !l.starts_with(['#', '=', '@', '?']))
            .count();
        let conditions = text.lines().filter(|l| l.starts_with('?')).count();
        let roots = text.lines().filter(|l| l.starts_with('=')).count();
        let sum = |count: fn(&Struct) -> usize| -> usize {
            schemas.structs.iter().map(|s| count(s)).sum()
        };
        assert_eq!(sum(|s| s.fields.len()), fields);
        assert_eq!(sum(|s| s.when.len()), conditions);
        assert_eq!(
            schemas.roots.values().map(BTreeMap::len).sum::<usize>(),
            roots
        );
        for (name, id) in &schemas.names {
            assert_eq!(&schemas.get(*id).name, name);
            assert!(schemas.get(*id).fields.is_sorted_by(|a, b| a.name < b.name));
        }
    }

    #[test]
    fn knows_list_keys_zeroes_and_defaults() {
        let schemas = Schemas::built_in();
        let get = |name: &str| schemas.get(schemas.named(name).expect(name));
        let container = get("io.k8s.api.core.v1.Container");
        let ports = container.field("ports").expect("ports");
        assert!(matches!(&ports.ty, Type::Keyed(keys, _) if keys.len() == 2));
        let spec = get("io.k8s.api.apps.v1.DeploymentSpec");
        let field = |name| spec.field(name).expect(name);
        assert_eq!(field("paused").zero, Zero::Absent);
        assert_eq!(field("replicas").zero, Zero::Kept);
        assert_eq!(field("replicas").default, Some(1.into()));
        assert_eq!(schemas.namespaced("apps/v1", "Deployment"), Some(true));
        assert_eq!(schemas.namespaced("v1", "Namespace"), Some(false));
        assert_eq!(schemas.kind_namespaced("apps", "Deployment"), Some(true));
    }
}
