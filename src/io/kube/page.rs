//! One page of a LIST, decoded item by item; what nobody wants is dropped on the way.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;

/// A page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The objects that were kept.
    pub(super) items: Vec<Value>,
    /// The token of the next page; empty at the end.
    pub(super) next: String,
}

/// Reads a page; `keep` is asked about each item by its namespace, name and itself.
pub(super) fn decode(
    bytes: &[u8],
    keep: &dyn Fn(&str, &str, &Value) -> bool,
) -> Result<Page, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let page = List { keep }.deserialize(&mut json)?;
    json.end()?;
    Ok(page)
}

struct List<'a> {
    keep: &'a dyn Fn(&str, &str, &Value) -> bool,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Page;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Page, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
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

struct Items<'a> {
    keep: &'a dyn Fn(&str, &str, &Value) -> bool,
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = Vec<Value>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Value>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = Vec<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("objects")
    }

    /// Old servers write an empty list so.
    fn visit_unit<E: serde::de::Error>(self) -> Result<Vec<Value>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Value>, A::Error> {
        let mut kept = Vec::new();
        while let Some(item) = seq.next_element::<Value>()? {
            let name = item["metadata"]["name"].as_str();
            let name = name.ok_or_else(|| A::Error::custom("an object without a name"))?;
            let namespace = item["metadata"]["namespace"].as_str().unwrap_or_default();
            if (self.keep)(namespace, name, &item) {
                kept.push(item);
            }
        }
        Ok(kept)
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
        decode(text.as_bytes(), &|_, _, _| true)
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
