//! A dump as kubectl writes it to what was asked of it, object by object: what nobody asked for is
//! dropped on the way, and memory does not grow with it.
//!
//! Only what is plain is read so: JSON objects and lists of objects, and YAML lists whose items
//! begin at one column. Anything else, and whatever is wrong, is left to the reader that sees the
//! whole file and can say where.

use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::document::{self, Held, Inherited, Place};
use crate::io::item::{Item, Metadata};
use crate::model::keep::Asked;
use crate::parallel;
use crate::yaml;

/// Items of YAML that are read at the same time.
const BATCH: usize = 1024;
/// The largest item, in bytes; an API server takes 1.5 MiB.
const MAX_ITEM: usize = 16 << 20;

/// What a file holds; none where it is not plain.
pub(super) fn read(path: &Path, place: &Place<'_>, asked: &Asked) -> Option<Held> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).ok()?);
    let start = file.fill_buf().ok()?;
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace())?;
    let is_json = *first == b'{';
    let mut held = Held::default();
    match is_json {
        true => json(file, &mut held, place, asked)?,
        false => lines(file, &mut held, place, asked)?,
    }
    Some(held)
}

/// One or more JSON values.
fn json(file: impl BufRead, held: &mut Held, place: &Place<'_>, asked: &Asked) -> Option<()> {
    let mut json = serde_json::Deserializer::from_reader(file);
    let held = RefCell::new(held);
    let hold = |item: Item, inherited: Inherited<'_>| {
        let is_list = item.body.as_object().and_then(document::list).is_some();
        !is_list
            && held
                .borrow_mut()
                .hold(item, inherited, place, asked)
                .is_ok()
    };
    while json.end().is_err() {
        let document = Document { hold: &hold };
        if let Some((version, element)) = document.deserialize(&mut json).ok()? {
            held.borrow_mut().list_of(&version, &element);
        }
    }
    Some(())
}

/// Takes an object; `false` where it is none.
type Hold<'a> = &'a dyn Fn(Item, Inherited<'_>) -> bool;

/// An object, which is held, or a list; of a typed one, the `apiVersion` and the kind of its
/// elements.
struct Document<'a> {
    hold: Hold<'a>,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = Option<(String, String)>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = Option<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut members, mut managed) = (Map::new(), None);
        let mut streamed = false;
        while let Some(key) = map.next_key::<String>()? {
            let value = match key.as_str() {
                "items" => {
                    let list = document::list(&members);
                    let hold = self.hold;
                    map.next_value_seed(Elements { hold, list })?;
                    streamed = true;
                    Value::Array(Vec::new())
                }
                "metadata" => {
                    let metadata: Metadata = map.next_value()?;
                    managed = metadata.managed;
                    metadata.rest
                }
                _ => map.next_value()?,
            };
            members.insert(key, value);
        }
        if let Some((version, element)) = document::list(&members) {
            return Ok((!element.is_empty()).then_some((version, element)));
        }
        let body = Value::Object(members);
        let item = Item {
            body,
            managed,
            ..Item::default()
        };
        match !streamed && (self.hold)(item, None) {
            true => Ok(None),
            false => Err(A::Error::custom("not an object")),
        }
    }
}

/// The elements of a list, of which `apiVersion` and kind are known if they stand before.
struct Elements<'a> {
    hold: Hold<'a>,
    list: Option<(String, String)>,
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("objects")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let list = self
            .list
            .as_ref()
            .filter(|(_, element)| !element.is_empty());
        let inherited = list.map(|(version, element)| (version.as_str(), element.as_str()));
        while let Some(item) = seq.next_element::<Item>()? {
            if !(self.hold)(item, inherited) {
                return Err(A::Error::custom("not an object"));
            }
        }
        Ok(())
    }
}

/// A YAML list: what stands before and after its items, and its items one by one.
fn lines(mut file: impl BufRead, held: &mut Held, place: &Place<'_>, asked: &Asked) -> Option<()> {
    let mut around = String::new();
    let mut items: Vec<String> = Vec::new();
    let mut column: Option<usize> = None;
    let mut part = Part::Before;
    let mut line = String::new();
    loop {
        line.clear();
        let read = file
            .by_ref()
            .take(MAX_ITEM as u64)
            .read_line(&mut line)
            .ok()?;
        if read == 0 {
            break;
        }
        if read == MAX_ITEM {
            return None;
        }
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        let says_nothing = text.trim_end().is_empty();
        if part == Part::Items && !says_nothing {
            let column = *column.get_or_insert(indent);
            let dash = text.starts_with("- ");
            if indent == column && dash {
                if items.len() == BATCH {
                    batch(&mut items, held, place, asked)?;
                }
                items.push(String::new());
            } else if indent <= column {
                part = Part::After;
            }
        }
        match part {
            Part::Items => match items.last_mut() {
                Some(item) if item.len() + line.len() <= MAX_ITEM => item.push_str(&line),
                None if says_nothing => {}
                _ => return None,
            },
            // One list and nothing else.
            _ if line.starts_with("items:") && text.trim_end() != "items:" => return None,
            Part::Before if text.trim_end() == "items:" && indent == 0 => part = Part::Items,
            _ if around.len() > MAX_ITEM => return None,
            _ => around.push_str(&line),
        }
    }
    if part == Part::Before {
        return None;
    }
    batch(&mut items, held, place, asked)?;
    let [list] = yaml::kubernetes::parse(&around).ok()?.try_into().ok()?;
    let members = list.value.as_object().filter(|m| !m.contains_key("items"));
    let (version, element) = document::list(members?)?;
    if !element.is_empty() {
        held.list_of(&version, &element);
    }
    Some(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Before,
    Items,
    After,
}

/// Holds some items and forgets their text.
fn batch(items: &mut Vec<String>, held: &mut Held, place: &Place<'_>, asked: &Asked) -> Option<()> {
    let read = parallel::map(items, |text| {
        let [document] = yaml::kubernetes::parse(text).ok()?.try_into().ok()?;
        let Value::Array(elements) = document.value else {
            return None;
        };
        let [body] = <[Value; 1]>::try_from(elements).ok()?;
        let item = Item {
            body,
            ..Item::default()
        };
        let is_list = item.body.as_object().and_then(document::list).is_some();
        let mut own = Held::default();
        let held = !is_list && own.hold(item, None, place, asked).is_ok();
        held.then_some(own)
    });
    let wanted = items.len();
    items.clear();
    if read.len() != wanted {
        return None;
    }
    for own in read {
        held.join(own?, place).ok()?;
    }
    Some(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use super::*;

    fn held(text: &str, asked: &Asked) -> Option<Held> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        read(file.path(), &Place::first(file.path()), asked)
    }

    fn names(text: &str) -> Option<Vec<String>> {
        let held = held(text, &Asked::everything(BTreeSet::new()))?;
        let name = |object: &crate::model::live::LiveObject| {
            format!("{} {}", object.kind, object.body["metadata"]["name"])
        };
        Some(held.objects.iter().map(name).collect())
    }

    /// What cannot be read object by object is left to the other reader: never half, never wrong.
    #[test]
    fn what_is_plain_is_read_and_the_rest_is_left() {
        let a = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"#;
        let bare = r#"{"metadata":{"name":"a"}}"#;
        let one = Some(vec![r#"ConfigMap "a""#.to_owned()]);
        let list = |items: &str| format!(r#"{{"apiVersion":"v1","items":{items},"kind":"List"}}"#);
        let item = "- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: a\n";
        let indented = "  - apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n";
        let text = "- apiVersion: v1\n  data:\n    x: |\n      - one\n\n      items:\n  kind: ConfigMap\n  metadata:\n    name: a\n";
        let yaml =
            |items: &str| format!("apiVersion: v1\nitems:\n{items}kind: List\nmetadata: {{}}\n");
        let cases: Vec<(&str, String, Option<Vec<String>>)> = vec![
            ("object", a.to_owned(), one.clone()),
            ("list", list(&format!("[{a}]")), one.clone()),
            ("empty list", list("[]"), Some(vec![])),
            ("null list", list("null"), Some(vec![])),
            (
                "typed list",
                format!(r#"{{"kind":"ConfigMapList","apiVersion":"v1","items":[{bare}]}}"#),
                one.clone(),
            ),
            (
                "typed list, told too late",
                format!(r#"{{"items":[{bare}],"kind":"ConfigMapList","apiVersion":"v1"}}"#),
                None,
            ),
            ("list in list", list(&format!("[{}]", list("[]"))), None),
            ("item that is none", list(r#"["x"]"#), None),
            (
                "items that are none",
                format!(
                    r#"{{"apiVersion":"v1","kind":"X","items":[{a}],"metadata":{{"name":"x"}}}}"#
                ),
                None,
            ),
            (
                "list with a spec",
                format!(r#"{{"apiVersion":"a/v1","kind":"AccessList","items":[{a}],"spec":{{}}}}"#),
                None,
            ),
            ("cut", list(&format!("[{a}]"))[..60].to_owned(), None),
            (
                "several",
                format!("{a}\n{}", a.replace(":\"a\"}", ":\"b\"}")),
                Some(vec![
                    r#"ConfigMap "a""#.to_owned(),
                    r#"ConfigMap "b""#.to_owned(),
                ]),
            ),
            ("rest", format!("{a} x"), None),
            ("yaml list", yaml(item), one.clone()),
            (
                "yaml list, marked start",
                format!("---\n{}", yaml(item)),
                one.clone(),
            ),
            ("yaml list, indented", yaml(indented), one.clone()),
            (
                "yaml list, kind first",
                format!("kind: List\napiVersion: v1\nitems:\n{item}"),
                one.clone(),
            ),
            (
                "yaml list, text that looks like items",
                yaml(text),
                one.clone(),
            ),
            (
                "yaml list, two documents",
                format!("{0}---\n{0}", yaml(item)),
                None,
            ),
            (
                "yaml list in a line",
                "{apiVersion: v1, kind: List, items: []}\n".to_owned(),
                None,
            ),
            (
                "empty yaml list",
                "apiVersion: v1\nitems: []\nkind: List\n".to_owned(),
                None,
            ),
            ("yaml list, comment", yaml(&format!("# note\n{item}")), None),
            (
                "yaml list, alias",
                yaml(&format!(
                    "{}{}",
                    item.replace("  kind", "  x: &a 1\n  kind"),
                    item.replace("  kind", "  x: *a\n  kind")
                )),
                None,
            ),
            (
                "yaml list, shallow",
                yaml(&item.replace("  kind", " kind")),
                None,
            ),
            (
                "yaml object",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n".to_owned(),
                None,
            ),
            ("nothing", String::new(), None),
        ];
        for (name, text, expected) in cases {
            assert_eq!(names(&text), expected, "{name}");
        }
    }

    #[test]
    fn what_nobody_asked_for_leaves_its_kind_its_namespace_and_its_uid() {
        let mut text = String::from("apiVersion: v1\nitems:\n");
        for i in 0..3 * BATCH {
            writeln!(text, "- apiVersion: v1\n  kind: Secret\n  metadata: {{name: s{i}, namespace: n{}, uid: u{i}}}", i % 3).unwrap();
        }
        text.push_str("- apiVersion: v1\n  kind: Secret\n  metadata: {name: ours, namespace: n9, labels: {app.kubernetes.io/managed-by: regen}}\n");
        text.push_str("kind: List\n");
        let held = held(&text, &Asked::default()).unwrap();
        let all: Vec<&str> = held
            .objects
            .iter()
            .filter_map(|o| o.body["metadata"]["name"].as_str())
            .collect();
        assert_eq!(all, ["ours"]);
        assert_eq!(held.others.len(), 3 * BATCH);
        let namespaces: Vec<&str> = held.namespaces.iter().map(String::as_str).collect();
        assert_eq!(namespaces, ["n0", "n1", "n2", "n9"]);
        assert_eq!(
            (
                held.kinds.len(),
                held.namespaced.len(),
                held.cluster_scoped.len()
            ),
            (1, 1, 0)
        );
    }
}
