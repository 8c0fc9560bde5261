//! Laws that hold for every clean case: what the server does is no drift, what a person does is.

use std::path::PathBuf;

use regen::normalise::{Side, object};
use regen::schema::{Schemas, Type, What};
use serde_json::{Map, Value, json};

use super::{Case, carried, cases, read, report, schemas};
use regen::model::finding::{Finding, Verdict};

/// The carried cases, and those of the directory that the environment names.
fn corpora() -> Vec<PathBuf> {
    let more = std::env::var_os("REGEN_DRIFT_CORPUS").map(PathBuf::from);
    std::iter::once(carried()).chain(more).collect()
}

/// The schemas of all of them.
fn all_schemas() -> Schemas {
    schemas(&corpora().pop().unwrap_or_else(carried))
}

/// The cases in which nothing drifts.
fn clean() -> Vec<(String, Case)> {
    corpora()
        .iter()
        .flat_map(|corpus| cases(corpus))
        .map(|dir| {
            (
                dir.file_name().unwrap().to_string_lossy().into_owned(),
                read(&dir),
            )
        })
        .filter(|(_, case)| case.expect["verdict"] == "clean")
        .collect()
}

#[test]
fn what_the_server_stores_of_a_manifest_is_clean() {
    let schemas = all_schemas();
    for (name, mut case) in clean() {
        for live in &mut case.live.objects {
            let Some(desired) = case.desired.iter().find(|d| {
                d["kind"] == live.body["kind"]
                    && d["apiVersion"] == live.body["apiVersion"]
                    && d["metadata"]["name"] == live.body["metadata"]["name"]
            }) else {
                continue;
            };
            let mut stored = object(desired, &schemas, Side::Desired, None).root.stored();
            let map = stored.as_object_mut().unwrap();
            let meta = map.entry("metadata").or_insert_with(|| json!({}));
            for key in [
                "name",
                "namespace",
                "uid",
                "resourceVersion",
                "creationTimestamp",
                "managedFields",
            ] {
                if let Some(value) = live.body["metadata"].get(key) {
                    meta[key] = value.clone();
                }
            }
            map.insert("status".to_owned(), json!({"observedGeneration": 7}));
            for key in ["apiVersion", "kind"] {
                map.insert(key.to_owned(), live.body[key].clone());
            }
            live.body = stored;
        }
        let report = report(&case, &schemas);
        assert_eq!(
            report.verdict(),
            Verdict::Clean,
            "{name}: {:#?}",
            report.findings
        );
    }
}

/// Turns every list of which order means nothing the other way round.
fn reverse(value: &mut Value, ty: &Type, schemas: &Schemas) {
    match (ty, value) {
        (Type::Struct(id), Value::Object(map)) => {
            for field in &schemas.get(*id).fields {
                let ordered = field.name.as_ref() == "initContainers";
                if let Some(value) = map.get_mut(field.name.as_ref()) {
                    reverse(value, &field.ty, schemas);
                    if ordered && let Value::Array(list) = value {
                        list.reverse(); // back again
                    }
                }
            }
        }
        (Type::Dict(inner), Value::Object(map)) => {
            map.values_mut().for_each(|v| reverse(v, inner, schemas));
        }
        (Type::Set(inner) | Type::Keyed(_, inner), Value::Array(list)) => {
            list.iter_mut().for_each(|v| reverse(v, inner, schemas));
            list.reverse();
        }
        (Type::List(inner), Value::Array(list)) => {
            list.iter_mut().for_each(|v| reverse(v, inner, schemas));
        }
        _ => {}
    }
}

#[test]
fn the_order_of_sets_and_maps_changes_nothing() {
    let schemas = all_schemas();
    let places = |case: &Case| -> Vec<String> {
        let found = report(case, &schemas).findings;
        found
            .iter()
            .map(|f| format!("{:?} {}", f.kind, f.path))
            .collect()
    };
    let mut turned = 0;
    for dir in corpora().iter().flat_map(|corpus| cases(corpus)) {
        let mut case = read(&dir);
        let before = places(&case);
        for live in &mut case.live.objects {
            let text = |key: &str| live.body[key].as_str().unwrap_or_default().to_owned();
            let Some(root) = schemas.root(&text("apiVersion"), &text("kind")) else {
                continue;
            };
            let body = live.body.clone();
            reverse(&mut live.body, &root.ty, &schemas);
            turned += usize::from(body != live.body);
        }
        assert_eq!(places(&case), before, "{}", dir.display());
    }
    assert!(turned > 4, "only {turned} objects have such lists");
}

/// Every leaf below a value, as a JSON pointer.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    let escape = |k: &str| k.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                leaves(value, &format!("{at}/{}", escape(key)), found);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for (i, value) in list.iter().enumerate() {
                leaves(value, &format!("{at}/{i}"), found);
            }
        }
        _ => found.push(at.to_owned()),
    }
}

/// Another value of the same type.
fn other(value: &Value) -> Value {
    match value {
        Value::Bool(b) => (!b).into(),
        Value::Number(n) => (n.as_i64().unwrap_or(0) + 1).into(),
        Value::String(s) => match s.strip_suffix(|c: char| c.is_ascii_digit() && c != '9') {
            Some(head) if !s.is_empty() => format!("{head}9").into(),
            _ => format!("{s}x").into(),
        },
        Value::Object(_) => json!({"x": "y"}),
        Value::Array(_) => json!(["x"]),
        Value::Null => json!("x"),
    }
}

/// Whether nobody compares a place: identity, system metadata, status, and what 8.4 of the rules
/// leaves to servers and aggregation always.
fn exempt(pointer: &str) -> bool {
    let head = |p: &str| pointer == p || pointer.starts_with(&format!("{p}/"));
    let metadata = head("/metadata")
        && !["labels", "annotations", "finalizers", "ownerReferences"]
            .iter()
            .any(|m| head(&format!("/metadata/{m}")));
    metadata
        || head("/apiVersion")
        || head("/kind")
        || head("/status")
        || head("/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration")
        // An alias of serviceAccountName.
        || pointer.ends_with("/serviceAccount")
}

fn brief(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|f| {
            format!(
                "{:?} {:?} {} {:?} {:?} {:?}",
                f.severity, f.kind, f.path, f.live, f.default, f.detail
            )
        })
        .collect()
}

#[test]
fn every_change_of_a_leaf_by_a_person_is_told() {
    let schemas = all_schemas();
    let (mut tried, mut missed) = (0, Vec::new());
    for (name, mut case) in clean() {
        for i in 0..case.live.objects.len() {
            let original = case.live.objects[i].body.clone();
            let known = case.desired.iter().any(|d| {
                d["kind"] == original["kind"]
                    && d["metadata"]["name"] == original["metadata"]["name"]
            });
            if !known {
                continue;
            }
            // A person owns all of it, so that nothing is taken for a controller's work.
            let mut owned = original.clone();
            let fields: Map<String, Value> = owned
                .as_object()
                .unwrap()
                .keys()
                .map(|k| (format!("f:{k}"), json!({})))
                .collect();
            owned["metadata"]["managedFields"] = json!([
                {"manager": "kubectl-edit", "operation": "Update", "apiVersion": owned["apiVersion"],
                 "time": "2026-11-24T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": fields}]);
            case.live.objects[i].body = owned.clone();
            let before = brief(&report(&case, &schemas).findings);
            let mut pointers = Vec::new();
            leaves(&original, "", &mut pointers);
            for pointer in pointers.iter().filter(|p| !exempt(p)) {
                let mut changed = owned.clone();
                let leaf = changed.pointer_mut(pointer).unwrap();
                *leaf = other(leaf);
                case.live.objects[i].body = changed;
                let after = brief(&report(&case, &schemas).findings);
                tried += 1;
                if before == after {
                    missed.push(format!("{name} {} {pointer}", original["kind"]));
                }
            }
            case.live.objects[i].body = original;
        }
    }
    assert!(tried > 300, "only {tried} changes");
    assert!(
        missed.is_empty(),
        "{} of {tried} are missed:\n{}",
        missed.len(),
        missed.join("\n")
    );
}

/// Other values in place of one; most are of another type.
fn replacements() -> [Value; 6] {
    [
        json!(true),
        json!(7),
        json!("text"),
        json!(""),
        json!({"a": 1}),
        json!([1]),
    ]
}

/// Calls with the object after each of its values, one at a time, was replaced.
fn replaced(value: &mut Value, pointer: &str, with: &mut dyn FnMut(&Value, &str)) {
    let inside: Vec<String> = match value.pointer(pointer) {
        Some(Value::Object(map)) => map
            .keys()
            .map(|key| key.replace('~', "~0").replace('/', "~1"))
            .collect(),
        Some(Value::Array(list)) => (0..list.len()).map(|i| i.to_string()).collect(),
        _ => Vec::new(),
    };
    for key in inside {
        replaced(value, &format!("{pointer}/{key}"), with);
    }
    if pointer.matches('/').count() < 2 && !pointer.starts_with("/spec") {
        return; // type and identity
    }
    for other in replacements() {
        let before = std::mem::replace(value.pointer_mut(pointer).unwrap(), other);
        with(value, pointer);
        *value.pointer_mut(pointer).unwrap() = before;
    }
}

#[test]
fn what_a_server_would_refuse_is_seen_while_its_tree_is_built() {
    let schemas = all_schemas();
    let (mut refused, mut legal) = (0, 0);
    for dir in cases(&carried()) {
        for mut desired in read(&dir).desired {
            let text = |key: &str| desired[key].as_str().unwrap_or_default().to_owned();
            let (api_version, kind) = (text("apiVersion"), text("kind"));
            if !schemas
                .root(&api_version, &kind)
                .is_some_and(|r| r.built_in)
            {
                continue;
            }
            replaced(&mut desired, "", &mut |object_, pointer| {
                let faults = schemas.check(&api_version, &kind, object_, None);
                let wrong = faults.unwrap_or_default().iter().any(|fault| {
                    matches!(fault.what, What::Type { .. }) && !fault.pointer.starts_with("/status")
                });
                let typed = object(object_, &schemas, Side::Desired, None).typed;
                assert!(!(wrong && typed), "{kind}{pointer}: {object_:#}");
                match wrong {
                    true => refused += 1,
                    false => legal += 1,
                }
            });
        }
    }
    assert!(refused > 1000 && legal > 100, "{refused} {legal}");
}
