//! Nanoseconds to a JSON number of milliseconds with exactly six decimals, never through a float.

use std::borrow::Cow;

use serde::ser::Error as _;
use serde_json::value::RawValue;

/// Nanoseconds that are written as `51.509833`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Milliseconds(pub u64);

/// The same of a difference, which may be below nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slack(pub i128);

impl serde::Serialize for Milliseconds {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        number(u128::from(self.0), "", s)
    }
}

impl serde::Serialize for Slack {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        number(self.0.unsigned_abs(), if self.0 < 0 { "-" } else { "" }, s)
    }
}

fn number<S: serde::Serializer>(ns: u128, sign: &str, s: S) -> Result<S::Ok, S::Error> {
    let text = format!("{sign}{}.{:06}", ns / 1_000_000, ns % 1_000_000);
    let number = RawValue::from_string(text).map_err(S::Error::custom)?;
    serde::Serialize::serialize(&number, s)
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

impl schemars::JsonSchema for Slack {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Slack".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "number",
            "description": "Milliseconds with six decimals, below zero for what is missing."
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
        let missing = serde_json::to_string(&Slack(-24_250_000));
        assert_eq!(missing.ok().as_deref(), Some("-24.250000"));
    }
}
