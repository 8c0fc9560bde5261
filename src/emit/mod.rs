//! JSON values to the one YAML text that regen writes for them.
//!
//! The text means the same to readers of YAML 1.1, YAML 1.2 and Kubernetes, keys stand in one
//! order, and nothing is folded: equal values are equal bytes.

mod order;
mod text;

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Map, Number, Value};

use order::Place;
use text::Form;

/// Writes one document: canonical, without `---`, ending in a line feed.
pub fn document(value: &Value) -> String {
    let mut writer = Writer {
        out: String::with_capacity(1024),
        hole: None,
    };
    writer.root(value);
    writer.out
}

/// A document up to one of its values and from there on; [`inline`] texts fit in between.
///
/// `value` is a text below the document's mappings that stands behind a key.
pub fn around(document: &Value, value: &Value) -> (String, String) {
    let mut writer = Writer {
        out: String::with_capacity(1024),
        hole: Some((value, 0)),
    };
    writer.root(document);
    let at = writer.hole.map_or(writer.out.len(), |(_, at)| at);
    let after = writer.out.split_off(at);
    (writer.out, after)
}

/// A text as it stands behind a key; `None` where it needs lines of its own.
pub fn inline(text: &str) -> Option<Cow<'_, str>> {
    match text::form(text) {
        Form::Plain => Some(Cow::Borrowed(text)),
        Form::Quoted => Some(Cow::Owned(quoted(text))),
        Form::Block => None,
    }
}

/// A text in double quotes, which every reader takes for that very text.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    text::quote(&mut out, text);
    out
}

/// Writes several documents, joined by `---`.
pub fn documents<'v>(values: impl IntoIterator<Item = &'v Value>) -> String {
    let mut writer = Writer {
        out: String::new(),
        hole: None,
    };
    for (i, value) in values.into_iter().enumerate() {
        if i > 0 {
            writer.out.push_str("---\n");
        }
        writer.root(value);
    }
    writer.out
}

/// Longest key in bytes, quotes included, that is written as `key: value`: YAML ends such keys
/// at 1024 characters.
const LONGEST_KEY: usize = 512;

struct Writer<'v> {
    out: String,
    /// A value that is left out, and where.
    hole: Option<(&'v Value, usize)>,
}

impl Writer<'_> {
    fn root(&mut self, value: &Value) {
        match value {
            Value::Object(map) if !map.is_empty() => self.map(map, 0, Place::Root, false),
            Value::Array(items) if !items.is_empty() => self.list(items, 0, false),
            // A block at the root would have nothing to be indented against.
            Value::String(text) if text::form(text) == Form::Block => {
                text::quote(&mut self.out, text);
                self.out.push('\n');
            }
            value => self.scalar(value, 0),
        }
    }

    fn indent(&mut self, columns: usize) {
        const SPACES: &str = "                                ";
        let mut left = columns;
        while left > SPACES.len() {
            self.out.push_str(SPACES);
            left -= SPACES.len();
        }
        self.out.push_str(&SPACES[..left]);
    }

    /// Writes the members of a mapping; `inline`: the first continues the line of a `- `.
    fn map(&mut self, map: &Map<String, Value>, indent: usize, place: Place, inline: bool) {
        let mut inline = inline;
        order::each(map, place, |key, value| {
            if !std::mem::take(&mut inline) {
                self.indent(indent);
            }
            let start = self.out.len();
            self.key(key);
            if self.out.len() - start > LONGEST_KEY {
                self.out.insert_str(start, "? ");
                self.out.push('\n');
                self.indent(indent);
            }
            self.out.push(':');
            match value {
                Value::Object(members) if !members.is_empty() => {
                    self.out.push('\n');
                    self.map(members, indent + 2, Place::below(key), false);
                }
                Value::Array(items) if !items.is_empty() => {
                    self.out.push('\n');
                    self.list(items, indent, false);
                }
                value => {
                    self.out.push(' ');
                    self.scalar(value, indent + 2);
                }
            }
        });
    }

    fn list(&mut self, items: &[Value], indent: usize, inline: bool) {
        let mut inline = inline;
        for item in items {
            if !std::mem::take(&mut inline) {
                self.indent(indent);
            }
            self.out.push_str("- ");
            match item {
                Value::Object(members) if !members.is_empty() => {
                    self.map(members, indent + 2, Place::Elsewhere, true);
                }
                Value::Array(items) if !items.is_empty() => self.list(items, indent + 2, true),
                item => self.scalar(item, indent + 2),
            }
        }
    }

    fn key(&mut self, key: &str) {
        match text::form(key) {
            Form::Plain => self.out.push_str(key),
            Form::Quoted | Form::Block => text::quote(&mut self.out, key),
        }
    }

    /// Writes what fits behind a key or a `- `, and ends the line; `indent` is that of a block.
    fn scalar(&mut self, value: &Value, indent: usize) {
        if let Some((hole, at)) = &mut self.hole
            && std::ptr::eq(*hole, value)
        {
            *at = self.out.len();
            return self.out.push('\n');
        }
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(true) => self.out.push_str("true"),
            Value::Bool(false) => self.out.push_str("false"),
            Value::Number(number) => self.number(number),
            Value::String(text) => match text::form(text) {
                Form::Plain => self.out.push_str(text),
                Form::Quoted => text::quote(&mut self.out, text),
                Form::Block => return self.block(text, indent),
            },
            Value::Array(_) => self.out.push_str("[]"),
            Value::Object(_) => self.out.push_str("{}"),
        }
        self.out.push('\n');
    }

    /// Writes a float with a point and a signed exponent, for YAML 1.1 takes `1e21` for a word.
    fn number(&mut self, number: &Number) {
        let start = self.out.len();
        // Writing into a `String` cannot fail.
        let _ = write!(self.out, "{number}");
        if number.is_f64()
            && let Some(exponent) = self.out[start..].find('e').map(|i| start + i)
        {
            if !self.out[exponent + 1..].starts_with(['+', '-']) {
                self.out.insert(exponent + 1, '+');
            }
            if !self.out[start..exponent].contains('.') {
                self.out.insert_str(exponent, ".0");
            }
        }
    }

    fn block(&mut self, text: &str, indent: usize) {
        let body = text.trim_end_matches('\n');
        let trailing = text.len() - body.len();
        self.out.push_str(match trailing {
            0 => "|-\n",
            1 => "|\n",
            _ => "|+\n",
        });
        for line in body.split('\n') {
            if !line.is_empty() {
                self.indent(indent);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
        for _ in 1..trailing {
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_laid_out_in_one_way() {
        for (name, value, expected) in [
            ("nothing", json!({}), "{}\n"),
            (
                "a list",
                json!([1, [2, [3]], {"b": 1, "name": "x"}, []]),
                "- 1\n- - 2\n  - - 3\n- name: x\n  b: 1\n- []\n",
            ),
            ("a word", json!("no"), "\"no\"\n"),
            ("a block at the root", json!("a\nb\n"), "\"a\\nb\\n\"\n"),
            (
                "an object",
                json!({
                    "status": {}, "spec": {"ports": [{"port": 80, "name": "http"}], "args": []},
                    "kind": "Service", "data": null, "apiVersion": "v1",
                    "metadata": {"annotations": {"b": "no", "a": "x: y"}, "labels": {"app": "web"}, "finalizers": ["a"], "namespace": "shop", "name": "web"},
                }),
                "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\n  labels:\n    app: web\n  annotations:\n    a: \"x: y\"\n    b: \"no\"\n  finalizers:\n  - a\nspec:\n  args: []\n  ports:\n  - name: http\n    port: 80\ndata: null\nstatus: {}\n",
            ),
            (
                "blocks",
                json!({"a": "x\n", "b": "x\n\n  y", "c": "x\n\n\n", "d": ["x\ny\n"]}),
                "a: |\n  x\nb: |-\n  x\n\n    y\nc: |+\n  x\n\n\nd:\n- |\n  x\n  y\n",
            ),
            (
                "unclean lines",
                json!(["\nx", " x\n", "x \ny", "\tx\ny", "x\r\n", "x\n\u{85}", "\n"]),
                "- \"\\nx\"\n- \" x\\n\"\n- \"x \\ny\"\n- \"\\tx\\ny\"\n- \"x\\r\\n\"\n- \"x\\n\\u0085\"\n- \"\\n\"\n",
            ),
            (
                "numbers",
                json!([1, -1, 1.5, 1e21, 1e-7, 2.5e300, 18446744073709551615_u64]),
                "- 1\n- -1\n- 1.5\n- 1.0e+21\n- 1.0e-7\n- 2.5e+300\n- 18446744073709551615\n",
            ),
            (
                "keys",
                json!({"a b": 1, "no": {"y": [true]}}),
                "a b: 1\n\"no\":\n  \"y\":\n  - true\n"
                    .replace("a b", "\"a b\"")
                    .as_str(),
            ),
        ] {
            assert_eq!(document(&value), expected, "{name}");
        }
        assert_eq!(
            documents(&[json!({"a": 1}), json!({"b": 2})]),
            "a: 1\n---\nb: 2\n"
        );
    }

    #[test]
    fn a_document_around_a_value_and_the_value_are_the_document() {
        for text in [
            "c1:apps/Deployment:shop/web",
            "1",
            "no",
            "",
            "x: y",
            "\u{85}",
        ] {
            let value = json!({"a": {"b": 1, "c": text, "d": [text]}, "e": "f"});
            let (before, after) = around(&value, &value["a"]["c"]);
            let inside = inline(text).expect("one line");
            assert_eq!(before + &inside + &after, document(&value), "{text}");
        }
        assert_eq!(inline("a\nb"), None);
    }

    #[test]
    fn a_key_too_long_for_a_line_is_written_with_a_question_mark() {
        let key = "k".repeat(600);
        let value = json!({"a": [{key.clone(): {"b": 1}, "z": 2}], key.clone(): ["x"]});
        let text = document(&value);
        assert_eq!(
            text,
            format!("a:\n- ? {key}\n  :\n    b: 1\n  z: 2\n? {key}\n:\n- x\n")
        );
    }
}
