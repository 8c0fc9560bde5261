//! Values of strangers' objects, cut to what a report can carry.

use serde_json::Value;

/// How many bytes of text one value may have.
const TEXT: usize = 64 << 10;
/// How many members and elements one value may have.
const MEMBERS: usize = 4096;
/// How deep it may nest.
const DEPTH: usize = 64;

/// The value, and whether it had to be cut: long text ends with `…`, what is too much is left out.
pub(super) fn bounded(value: &Value) -> (Value, bool) {
    let mut budget = Budget {
        text: TEXT,
        members: MEMBERS,
        cut: false,
    };
    let value = budget.take(value, DEPTH);
    (value, budget.cut)
}

struct Budget {
    text: usize,
    members: usize,
    cut: bool,
}

impl Budget {
    fn take(&mut self, value: &Value, depth: usize) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(_) | Value::Object(_) if depth == 0 => {
                self.cut = true;
                "…".into()
            }
            Value::Array(items) => {
                let mut kept = Vec::new();
                for item in items {
                    if !self.one_more() {
                        break;
                    }
                    kept.push(self.take(item, depth - 1));
                }
                kept.into()
            }
            Value::Object(map) => {
                let mut kept = serde_json::Map::new();
                for (name, value) in map {
                    if !self.one_more() {
                        break;
                    }
                    let name = self.text(name);
                    kept.insert(name, self.take(value, depth - 1));
                }
                kept.into()
            }
            other => other.clone(),
        }
    }

    fn one_more(&mut self) -> bool {
        if self.members == 0 || self.text == 0 {
            self.cut = true;
            return false;
        }
        self.members -= 1;
        true
    }

    fn text(&mut self, text: &str) -> String {
        if text.len() <= self.text {
            self.text -= text.len();
            return text.to_owned();
        }
        self.cut = true;
        let end = (0..=self.text).rev().find(|i| text.is_char_boundary(*i));
        self.text = 0;
        format!("{}…", &text[..end.unwrap_or(0)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_fits_stays_and_the_rest_is_bounded() {
        let fits = json!({"a": [1, "x", null], "b": {"c": true}});
        assert_eq!(bounded(&fits), (fits.clone(), false));
        let mut deep = json!(1);
        for _ in 0..200 {
            deep = json!([deep]);
        }
        let many: Value = (0..10_000).collect();
        for large in [
            json!("é".repeat(1 << 20)),
            many,
            deep,
            json!(["a".repeat(1 << 20), 1]),
        ] {
            let (value, cut) = bounded(&large);
            assert!(cut && value.to_string().len() < 2 * TEXT);
        }
    }
}
