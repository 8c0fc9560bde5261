//! Why a tree does not decode, in the words of who wrote it.

use std::fmt;

use serde::de;

use crate::diag::Span;

/// Why a tree does not decode, and where.
#[derive(Debug)]
pub(super) struct DecodeError {
    /// The innermost value at fault; absent until the error has left it.
    pub(super) span: Option<Span>,
    /// The fault, lower case.
    pub(super) message: String,
}

impl DecodeError {
    pub(super) fn or_at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            span: None,
            message: message.to_string(),
        }
    }

    fn invalid_type(found: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self::custom(format!("{} cannot stand here", kind(found)))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self::custom("the list has a wrong number of entries")
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::custom(format!(
            "`{word}` cannot stand here; one of `{}`",
            known.join("`, `")
        ))
    }

    fn unknown_field(name: &str, _: &'static [&'static str]) -> Self {
        Self::custom(format!("unknown field `{name}`"))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::custom(format!("`{name}` is missing"))
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::custom(format!("`{name}` stands twice"))
    }
}

/// What was found, in the words of who wrote it rather than of serde.
pub(super) fn kind(found: de::Unexpected<'_>) -> String {
    match found {
        de::Unexpected::Str(text) => format!("`{text}`"),
        de::Unexpected::Seq => "a list".to_owned(),
        de::Unexpected::Map => "a mapping".to_owned(),
        de::Unexpected::Unit | de::Unexpected::Option => "nothing".to_owned(),
        _ => "this value".to_owned(),
    }
}
