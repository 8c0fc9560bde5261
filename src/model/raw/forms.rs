//! Values with a short form (a scalar) and a long one (a mapping or a list).
//!
//! `#[serde(untagged)]` would buffer the value and lose every place in it; these impls decide by
//! what is found and read on.

/// Gives an enum a short form, written as a scalar, and a long one, written as a mapping.
macro_rules! short_or_long {
    ($name:ident, $expecting:literal, short: $short:ty => $make:expr, long: $long:ty => $wrap:expr) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct Either;

                impl<'de> serde::de::Visitor<'de> for Either {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        let short = <$short as serde::Deserialize>::deserialize(
                            serde::de::value::StrDeserializer::<E>::new(text),
                        )?;
                        let make: fn($short) -> $name = $make;
                        Ok(make(short))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        map: A,
                    ) -> Result<$name, A::Error> {
                        let long = <$long as serde::Deserialize>::deserialize(
                            serde::de::value::MapAccessDeserializer::new(map),
                        )?;
                        let wrap: fn($long) -> $name = $wrap;
                        Ok(wrap(long))
                    }
                }

                d.deserialize_any(Either)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "anyOf": [
                        generator.subschema_for::<$short>(),
                        generator.subschema_for::<$long>(),
                    ]
                })
            }
        }
    };
}

pub(super) use short_or_long;

/// Gives a wrapper of a list a short form: one item without the brackets.
macro_rules! one_or_list {
    ($name:ident, $item:ty, $expecting:literal) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct OneOrMore;

                impl<'de> serde::de::Visitor<'de> for OneOrMore {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_seq<A: serde::de::SeqAccess<'de>>(
                        self,
                        seq: A,
                    ) -> Result<$name, A::Error> {
                        let list = serde::de::value::SeqAccessDeserializer::new(seq);
                        <Vec<_> as serde::Deserialize>::deserialize(list).map($name)
                    }
                }

                // A scalar is offered as a list of itself, so that its place is kept.
                d.deserialize_newtype_struct($crate::model::raw::LIST, OneOrMore)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "anyOf": [
                        generator.subschema_for::<$item>(),
                        generator.subschema_for::<Vec<$item>>(),
                    ]
                })
            }
        }
    };
}

pub(super) use one_or_list;
