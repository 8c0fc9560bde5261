//! One page of a LIST, decoded item by item; what nobody wants is dropped on the way.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// An object, and its managed fields as they came.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Item {
    pub(super) body: Value,
    pub(super) managed: Option<Box<str>>,
    /// Whether only some fields of it were kept.
    pub(super) evidence: bool,
}

/// What is kept of an object.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keep<'k> {
    Nothing,
    Whole,
    /// These fields, besides what tells which object it is.
    Fields(&'k BTreeSet<String>),
}

/// A page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The objects that were kept.
    pub(super) items: Vec<Item>,
    /// The token of the next page; empty at the end.
    pub(super) next: String,
}

/// Reads a page; `keep` is asked about each item by its namespace, name and itself.
pub(super) fn decode<'k>(
    bytes: &[u8],
    keep: &dyn Fn(&str, &str, &Value) -> Keep<'k>,
) -> Result<Page, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let page = List { keep }.deserialize(&mut json)?;
    json.end()?;
    Ok(page)
}

struct List<'a, 'k> {
    keep: &'a dyn Fn(&str, &str, &Value) -> Keep<'k>,
}

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = Page;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Page, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = Page;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page, A::Error> {
        #[derive(Default, serde::Deserialize)]
        #[serde(default)]
        struct Metadata {
            r#continue: String,
        }
        let mut page = Page::default();
        let (mut is_list, mut has_items) = (false, false);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "kind" => is_list = map.next_value::<String>()?.ends_with("List"),
                "metadata" => page.next = map.next_value::<Metadata>()?.r#continue,
                "items" => {
                    page.items = map.next_value_seed(Items { keep: self.keep })?;
                    has_items = true;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        // Anything else that answers 200 must not pass for a cluster without objects.
        if !is_list || !has_items {
            return Err(A::Error::custom("not a list of objects"));
        }
        Ok(page)
    }
}

struct Items<'a, 'k> {
    keep: &'a dyn Fn(&str, &str, &Value) -> Keep<'k>,
}

impl<'de> DeserializeSeed<'de> for Items<'_, '_> {
    type Value = Vec<Item>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Item>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = Vec<Item>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("objects")
    }

    /// Old servers write an empty list so.
    fn visit_unit<E: serde::de::Error>(self) -> Result<Vec<Item>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Item>, A::Error> {
        let mut kept = Vec::new();
        while let Some(item) = seq.next_element::<Item>()? {
            let metadata = &item.body["metadata"];
            let name = metadata["name"].as_str();
            let name = name.ok_or_else(|| A::Error::custom("an object without a name"))?;
            let namespace = metadata["namespace"].as_str().unwrap_or_default();
            match (self.keep)(namespace, name, &item.body) {
                Keep::Nothing => {}
                Keep::Whole => kept.push(item),
                Keep::Fields(fields) => kept.push(item.cut(fields)),
            }
        }
        Ok(kept)
    }
}

/// What is kept of every object.
const ALWAYS: &[&str] = &[
    "/apiVersion",
    "/kind",
    "/metadata/name",
    "/metadata/namespace",
    "/metadata/labels",
    "/metadata/uid",
];

impl Item {
    /// Only some of its fields.
    fn cut(self, fields: &BTreeSet<String>) -> Self {
        let mut rest = self.body;
        let mut body = Value::Null;
        for field in ALWAYS
            .iter()
            .copied()
            .chain(fields.iter().map(String::as_str))
        {
            copy(&mut rest, &mut body, field);
        }
        Self {
            body,
            managed: self.managed,
            evidence: true,
        }
    }
}

/// Moves what is at a pointer to the same place of another value; lists keep their lengths.
fn copy(from: &mut Value, to: &mut Value, pointer: &str) {
    let Some(rest) = pointer.strip_prefix('/') else {
        *to = from.take();
        return;
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (step, rest) = rest.split_at(end);
    match from {
        Value::Array(elements) if step == "*" => {
            if !to.is_array() {
                *to = Value::Array(vec![Value::Null; elements.len()]);
            }
            let places = to.as_array_mut().into_iter().flatten();
            for (element, place) in elements.iter_mut().zip(places) {
                copy(element, place, rest);
            }
        }
        Value::Object(members) => {
            let step = step.replace("~1", "/").replace("~0", "~");
            if let Some(member) = members.get_mut(&step) {
                if !to.is_object() {
                    *to = Value::Object(Map::new());
                }
                if let Some(kept) = to.as_object_mut() {
                    copy(member, kept.entry(step).or_insert(Value::Null), rest);
                }
            }
        }
        _ => {}
    }
}

/// An object, or what stands in its place.
impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
        let (mut body, mut managed) = (Map::new(), None);
        while let Some(key) = map.next_key::<String>()? {
            let value = match key.as_str() {
                "metadata" => {
                    let metadata: Metadata = map.next_value()?;
                    managed = metadata.managed;
                    metadata.rest
                }
                _ => map.next_value()?,
            };
            body.insert(key, value);
        }
        let body = Value::Object(body);
        Ok(Item {
            body,
            managed,
            evidence: false,
        })
    }
}

/// `metadata` of an object.
struct Metadata {
    rest: Value,
    managed: Option<Box<str>>,
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Metadata;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the metadata of an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
                let (mut rest, mut managed) = (Map::new(), None);
                while let Some(key) = map.next_key::<String>()? {
                    if key == "managedFields" {
                        managed = Some(map.next_value::<&RawValue>()?.get().into());
                    } else {
                        rest.insert(key, map.next_value()?);
                    }
                }
                let rest = Value::Object(rest);
                Ok(Metadata { rest, managed })
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Labels and annotations by which appliers mark what is theirs; with a value, only that one.
/// Whether the mark names a unit of ours is for the comparison to say.
const MARKS: &[(&str, &str, Option<&str>)] = &[
    ("labels", "app.kubernetes.io/managed-by", Some("regen")),
    ("labels", "app.kubernetes.io/managed-by", Some("Helm")),
    ("labels", "app.kubernetes.io/instance", None),
    ("labels", "applyset.kubernetes.io/part-of", None),
    ("labels", "argocd.argoproj.io/instance", None),
    ("labels", "helm.toolkit.fluxcd.io/name", None),
    ("labels", "kluctl.io/discriminator", None),
    ("labels", "kustomize.toolkit.fluxcd.io/name", None),
    ("labels", "objectset.rio.cattle.io/hash", None),
    ("annotations", "argocd.argoproj.io/tracking-id", None),
    ("annotations", "meta.helm.sh/release-name", None),
    ("annotations", "regen.dev/id", None),
];

/// Whether an object carries a mark of ownership.
pub(super) fn marked(object: &Value) -> bool {
    let metadata = &object["metadata"];
    MARKS.iter().any(|(place, key, value)| {
        let found = metadata[*place][*key].as_str();
        found.is_some_and(|found| value.is_none_or(|value| value == found))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Page, serde_json::Error> {
        decode(text.as_bytes(), &|_, _, _| Keep::Whole)
    }

    #[test]
    fn only_lists_are_lists() {
        let cases = [
            (
                "list",
                r#"{"kind":"XList","items":[{"metadata":{"name":"a"}}]}"#,
                Some(1),
            ),
            (
                "items before kind",
                r#"{"items":[],"kind":"XList"}"#,
                Some(0),
            ),
            (
                "null items",
                r#"{"kind":"XList","items":null,"metadata":{"continue":""}}"#,
                Some(0),
            ),
            ("empty object", "{}", None),
            ("status", r#"{"kind":"Status","status":"Failure"}"#, None),
            ("no items", r#"{"kind":"XList"}"#, None),
            ("no kind", r#"{"items":[]}"#, None),
            ("not an object", "[]", None),
            ("nameless item", r#"{"kind":"XList","items":[{}]}"#, None),
            ("null item", r#"{"kind":"XList","items":[null]}"#, None),
            (
                "cut",
                r#"{"kind":"XList","items":[{"metadata":{"name":"a"}}"#,
                None,
            ),
            ("more after it", r#"{"kind":"XList","items":[]} x"#, None),
            ("nothing", "", None),
        ];
        for (name, text, items) in cases {
            assert_eq!(all(text).ok().map(|page| page.items.len()), items, "{name}");
        }
    }

    #[test]
    fn managed_fields_stay_as_they_came() {
        let text = r#"{"kind":"XList","items":[{"kind":"X","metadata":{"name":"a","managedFields":[ {"manager":"m"} ],"uid":"u"},"spec":{"n":1}}]}"#;
        let page = all(text).unwrap();
        let [item] = page.items.as_slice() else {
            panic!("{page:?}");
        };
        assert_eq!(item.managed.as_deref(), Some(r#"[ {"manager":"m"} ]"#));
        let body = serde_json::json!({"kind": "X", "metadata": {"name": "a", "uid": "u"}, "spec": {"n": 1}});
        assert_eq!(item.body, body);
    }

    #[test]
    fn of_evidence_a_few_fields_are_kept() {
        let text = r#"{"kind":"XList","items":[{"kind":"X","metadata":{"name":"a","annotations":{"x/y":"z","long":"…"}},
            "endpoints":[{"addresses":["10.0.0.1"],"conditions":{"ready":true}},{"addresses":[]}],"spec":{"n":1}}]}"#;
        let fields = BTreeSet::from(
            [
                "/endpoints/*/conditions/ready",
                "/metadata/annotations/x~1y",
                "/no/such",
            ]
            .map(str::to_owned),
        );
        let page = decode(text.as_bytes(), &|_, _, _| Keep::Fields(&fields)).unwrap();
        let [item] = page.items.as_slice() else {
            panic!("{page:?}");
        };
        assert!(item.evidence);
        let body = serde_json::json!({"kind": "X", "metadata": {"name": "a", "annotations": {"x/y": "z"}},
            "endpoints": [{"conditions": {"ready": true}}, null]});
        assert_eq!(item.body, body);
    }

    #[test]
    fn marks_are_seen() {
        let object = |place: &str, key: &str, value: &str| serde_json::json!({"metadata": {place: {key: value}}});
        assert!(marked(&object(
            "labels",
            "app.kubernetes.io/managed-by",
            "regen"
        )));
        assert!(marked(&object(
            "annotations",
            "argocd.argoproj.io/tracking-id",
            "x"
        )));
        assert!(!marked(&object(
            "labels",
            "app.kubernetes.io/managed-by",
            "kubelet"
        )));
        assert!(!marked(&object("labels", "app", "regen")));
        assert!(!marked(&serde_json::json!({"metadata": {"labels": null}})));
    }
}
