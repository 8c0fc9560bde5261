//! How a [`Spanned`] value travels through serde: as a tuple struct of its place and itself.
//!
//! Only the deserializer in `load` knows the name below and answers with places.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use super::source::{SourceId, Span, Spanned};

/// The name that a deserializer with places recognises; it answers with a sequence of the source,
/// the first byte, one past the last byte, and the value.
pub const SPANNED: &str = "$regen::Spanned";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Located<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Located<T> {
            type Value = Spanned<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with its place")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Spanned<T>, A::Error> {
                let lost = || A::Error::custom("a value without a place");
                let source = seq.next_element::<u32>()?.ok_or_else(lost)?;
                let start = seq.next_element::<u32>()?.ok_or_else(lost)?;
                let end = seq.next_element::<u32>()?.ok_or_else(lost)?;
                let value = seq.next_element::<T>()?.ok_or_else(lost)?;
                let span = Span {
                    source: SourceId::from_index(source),
                    start,
                    end,
                };
                Ok(Spanned::new(value, span))
            }
        }

        deserializer.deserialize_tuple_struct(SPANNED, 4, Located(PhantomData))
    }
}

impl<T: schemars::JsonSchema> schemars::JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}
