//! A tree of located values to typed ones, through serde.
//!
//! The type decides what a scalar is: where a text is expected, a plain scalar is the text as it
//! was written (`country: NO`); only `true` and `false` are booleans; integers are decimal.

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, Visitor,
};

use crate::diag::{SPANNED, Span, Spanned};
use crate::model::raw::{JSON, LIST};
use crate::yaml::{Node, Style, Value};

use super::kubernetes::to_kubernetes;
use super::misfit::{DecodeError, kind};
use super::words::Word;

/// Decodes a tree; the error names the innermost value at fault.
pub(super) fn decode<T: DeserializeOwned>(node: &Node) -> Result<T, DecodeError> {
    T::deserialize(At(node)).map_err(|e| e.or_at(node.span))
}

/// Whether a scalar is YAML's null: nothing, `~`, or the word.
pub(super) fn is_null(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(text, Style::Plain)
        if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
}

/// The value of decimal digits with an optional sign, as an integer may be written.
pub(super) fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let decimal = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let padded = digits.len() > 1 && digits.starts_with('0');
    (decimal && !padded).then(|| text.parse().ok()).flatten()
}

struct At<'a>(&'a Node);

impl<'a> At<'a> {
    fn text(&self) -> Result<&'a str, DecodeError> {
        match &self.0.value {
            Value::Scalar(text, _) if !is_null(self.0) => Ok(text),
            _ => Err(self.unexpected()),
        }
    }

    fn unexpected(&self) -> DecodeError {
        let found = match &self.0.value {
            Value::Scalar(..) if is_null(self.0) => de::Unexpected::Unit,
            Value::Scalar(text, _) => de::Unexpected::Str(text),
            Value::List(_) => de::Unexpected::Seq,
            Value::Map(_) => de::Unexpected::Map,
        };
        DecodeError::custom(format!("{} cannot stand here", kind(found))).or_at(self.0.span)
    }

    fn located<T>(&self, result: Result<T, DecodeError>) -> Result<T, DecodeError> {
        result.map_err(|e| e.or_at(self.0.span))
    }
}

macro_rules! integers {
    ($($method:ident => $visit:ident: $type:ty;)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            let text = self.text()?;
            let value = integer(text).and_then(|n| <$type>::try_from(n).ok()).ok_or_else(|| {
                DecodeError::custom(format!("expected a whole number up to {}", <$type>::MAX))
                    .or_at(self.0.span)
            })?;
            self.located(visitor.$visit(value))
        }
    )+};
}

impl<'de> Deserializer<'de> for At<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let result = match &self.0.value {
            Value::Scalar(..) if is_null(self.0) => visitor.visit_unit(),
            Value::Scalar(text, _) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items(items.iter())),
            Value::Map(members) => visitor.visit_map(Members::new(members)),
        };
        self.located(result)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.text()? {
            "true" => self.located(visitor.visit_bool(true)),
            "false" => self.located(visitor.visit_bool(false)),
            _ => Err(self.unexpected()),
        }
    }

    integers! {
        deserialize_i8 => visit_i8: i8;
        deserialize_i16 => visit_i16: i16;
        deserialize_i32 => visit_i32: i32;
        deserialize_i64 => visit_i64: i64;
        deserialize_u8 => visit_u8: u8;
        deserialize_u16 => visit_u16: u16;
        deserialize_u32 => visit_u32: u32;
        deserialize_u64 => visit_u64: u64;
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let text = self.text()?;
        self.located(visitor.visit_str(text))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if is_null(self.0) {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.0.value {
            Value::List(items) => self.located(visitor.visit_seq(Items(items.iter()))),
            _ if is_null(self.0) => visitor.visit_seq(Items([].iter())),
            _ => Err(self.unexpected()),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.0.value {
            Value::Map(members) => self.located(visitor.visit_map(Members::new(members))),
            _ if is_null(self.0) => visitor.visit_map(Members::new(&[])),
            _ => Err(self.unexpected()),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if name == SPANNED {
            let span = self.0.span;
            visitor.visit_seq(Place {
                span,
                next: 0,
                value: Some(self),
            })
        } else {
            self.deserialize_seq(visitor)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let span = self.0.span;
        match name {
            JSON => {
                let value = to_kubernetes(self.0).map_err(|(at, message)| DecodeError {
                    span: Some(at),
                    message,
                })?;
                visitor
                    .visit_newtype_struct(value)
                    .map_err(|e| DecodeError::custom(e).or_at(span))
            }
            LIST => match &self.0.value {
                Value::Scalar(..) => {
                    let one = std::slice::from_ref(self.0);
                    self.located(visitor.visit_seq(Items(one.iter())))
                }
                _ => self.deserialize_seq(visitor),
            },
            _ => visitor
                .visit_newtype_struct(self)
                .map_err(|e: DecodeError| e.or_at(span)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let text = self.text()?;
        self.located(visitor.visit_enum(Word(text)))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { f32 f64 char bytes byte_buf unit unit_struct tuple }
}

struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        self.0
            .next()
            .map(|node| seed.deserialize(At(node)).map_err(|e| e.or_at(node.span)))
            .transpose()
    }
}

struct Members<'a> {
    rest: std::slice::Iter<'a, (Spanned<String>, Node)>,
    value: Option<&'a Node>,
}

impl<'a> Members<'a> {
    fn new(members: &'a [(Spanned<String>, Node)]) -> Self {
        Self {
            rest: members.iter(),
            value: None,
        }
    }
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        // A member without a value is as good as absent, whatever its type.
        let Some((key, node)) = self.rest.by_ref().find(|(_, node)| !is_null(node)) else {
            return Ok(None);
        };
        self.value = Some(node);
        seed.deserialize(Key(key))
            .map(Some)
            .map_err(|e| e.or_at(key.span))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let node = self
            .value
            .take()
            .ok_or_else(|| DecodeError::custom("a key without a value"))?;
        seed.deserialize(At(node)).map_err(|e| e.or_at(node.span))
    }
}

struct Key<'a>(&'a Spanned<String>);

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_str(&self.0.value)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        debug_assert_eq!(name, SPANNED);
        let span = self.0.span;
        visitor.visit_seq(Place {
            span,
            next: 0,
            value: Some(self),
        })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple map struct enum identifier ignored_any
    }
}

/// The sequence that [`SPANNED`] asks for: source, start, end, value.
struct Place<D> {
    span: Span,
    next: u8,
    value: Option<D>,
}

impl<'de, D: Deserializer<'de, Error = DecodeError>> SeqAccess<'de> for Place<D> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        self.next += 1;
        let number = match self.next {
            1 => self.span.source.index(),
            2 => self.span.start,
            3 => self.span.end,
            _ => return self.value.take().map(|d| seed.deserialize(d)).transpose(),
        };
        seed.deserialize(number.into_deserializer()).map(Some)
    }
}
