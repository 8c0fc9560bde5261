//! Nanoseconds to a JSON number of milliseconds with exactly six decimals, never through a float.

use std::borrow::Cow;

use serde::ser::Error as _;
use serde_json::value::RawValue;

/// Nanoseconds that are written as `51.509833`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Milliseconds(pub u64);

impl serde::Serialize for Milliseconds {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let text = format!("{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000);
        let number = RawValue::from_string(text).map_err(S::Error::custom)?;
        number.serialize(s)
    }
}

impl schemars::JsonSchema for Milliseconds {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Milliseconds".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "number",
            "minimum": 0,
            "description": "Milliseconds with six decimals."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_are_the_nanoseconds() {
        for (ns, text) in [
            (0, "0.000000"),
            (51_509_833, "51.509833"),
            (1_000_001, "1.000001"),
            (u64::MAX, "18446744073709.551615"),
        ] {
            let written = serde_json::to_string_pretty(&Milliseconds(ns));
            assert_eq!(written.ok().as_deref(), Some(text));
        }
    }
}
