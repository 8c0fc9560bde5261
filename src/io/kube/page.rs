//! One page of a LIST, decoded item by item; what nobody wants is dropped on the way.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;

use crate::io::item::Item;
use crate::model::keep::Keep;

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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
}
