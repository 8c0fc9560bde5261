//! Two sets of manifests to the places at which their objects differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::model::manifest::{Manifest, ManifestPath, ManifestSet, ObjectId, RenderedFile};

/// An object that differs between two sets.
pub(super) struct Changed {
    /// Its file in one of them.
    pub(super) file: ManifestPath,
    pub(super) object: ObjectId,
    /// Where it differs, with `[name=…]` for elements of lists; empty for the object as a whole.
    pub(super) places: Vec<String>,
}

/// The objects that differ; files without objects are read by people alone.
pub(super) fn changed(before: &ManifestSet, after: &ManifestSet) -> Vec<Changed> {
    let files: BTreeSet<&ManifestPath> = before.files.keys().chain(after.files.keys()).collect();
    let mut all = Vec::new();
    for file in files {
        let (old, new) = (before.files.get(file), after.files.get(file));
        if old.map(|f| &f.text) == new.map(|f| &f.text) {
            continue;
        }
        let (old, new) = (objects(old), objects(new));
        let ids: BTreeSet<&ObjectId> = old.keys().chain(new.keys()).copied().collect();
        for id in ids {
            let mut places = Vec::new();
            match (old.get(id), new.get(id)) {
                (Some(old), Some(new)) => {
                    differ(old.body(), new.body(), &mut String::new(), &mut places);
                }
                _ => places.push(String::new()),
            }
            if !places.is_empty() {
                let (file, object) = (file.clone(), id.clone());
                all.push(Changed {
                    file,
                    object,
                    places,
                });
            }
        }
    }
    all
}

fn objects(file: Option<&RenderedFile>) -> BTreeMap<&ObjectId, &Manifest> {
    let all = file.into_iter().flat_map(|f| &f.manifests);
    all.map(|m| (&*m.id, m)).collect()
}

/// Whether a change at one place is one at, in or around another; elements are told apart where
/// both say their names.
pub(super) fn covers(place: &str, other: &str) -> bool {
    let is_element = |step: &str| step.starts_with('[') || step.parse::<usize>().is_ok();
    let mut pairs = place.split('/').zip(other.split('/'));
    pairs.all(|(a, b)| {
        let named = a.starts_with("[name=") && b.starts_with("[name=");
        a == b || !named && is_element(a) && is_element(b)
    })
}

fn differ(old: &Value, new: &Value, at: &mut String, places: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let step = key.replace('~', "~0").replace('/', "~1");
                within(at, &step, places, (a.get(key), b.get(key)));
            }
        }
        (Value::Array(a), Value::Array(b)) => match (by_name(a), by_name(b)) {
            (Some(a), Some(b)) => {
                let names: BTreeSet<&str> = a.keys().chain(b.keys()).copied().collect();
                for name in names {
                    let step = name.replace('~', "~0").replace('/', "~1");
                    within(
                        at,
                        &format!("[name={step}]"),
                        places,
                        (a.get(name).copied(), b.get(name).copied()),
                    );
                }
            }
            _ if a != b => places.push(at.clone()),
            _ => {}
        },
        _ if old != new => places.push(at.clone()),
        _ => {}
    }
}

fn within(
    at: &mut String,
    step: &str,
    places: &mut Vec<String>,
    sides: (Option<&Value>, Option<&Value>),
) {
    let length = at.len();
    at.push('/');
    at.push_str(step);
    match sides {
        (Some(old), Some(new)) => differ(old, new, at, places),
        _ => places.push(at.clone()),
    }
    at.truncate(length);
}

/// The elements of a list by name, where each has another one.
fn by_name(items: &[Value]) -> Option<BTreeMap<&str, &Value>> {
    let name = |item: &'_ Value| {
        item.as_object()
            .and_then(|m: &Map<_, _>| m.get("name"))
            .is_some()
    };
    if !items.iter().all(name) {
        return None;
    }
    let all: BTreeMap<&str, &Value> = items
        .iter()
        .filter_map(|item| Some((item["name"].as_str()?, item)))
        .collect();
    (all.len() == items.len()).then_some(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_told_by_name() {
        let old = json!({"a": 1, "c": [{"name": "x", "v": 1}, {"name": "y"}], "l": [1]});
        let new = json!({"a": 1, "c": [{"name": "w"}, {"name": "x", "v": 2}, {"name": "y"}], "l": [2], "d/e": 1});
        let mut places = Vec::new();
        differ(&old, &new, &mut String::new(), &mut places);
        assert_eq!(places, ["/c/[name=w]", "/c/[name=x]/v", "/d~1e", "/l"]);
    }

    #[test]
    fn a_place_covers_what_is_in_and_around_it() {
        for (place, other, expected) in [
            ("/a/b", "/a/b", true),
            ("/a", "/a/b", true),
            ("/a/b", "/a", true),
            ("/a/b", "/a/c", false),
            ("", "/a", true),
            ("/c/[name=x]/v", "/c/[name=x]/v", true),
            ("/c/[name=x]/v", "/c/[name=y]/v", false),
            ("/c/[name=x]", "/c/[containerPort=1,protocol=TCP]", true),
            ("/c/[name=x]", "/c/v", false),
        ] {
            assert_eq!(covers(place, other), expected, "{place} {other}");
        }
    }
}
