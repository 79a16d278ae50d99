//! Which fields a type has, asked of its own `Deserialize`.
//!
//! Promises: the names are those of the program's source, so a refusal may name them, while a name
//! that a client made up is never among them.
//! It sees plain structs, also behind `Option` and newtypes; a type with flattened fields, an enum
//! or a map answers none.

use std::fmt;

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

type Names = &'static [&'static str];

/// The field names of `T`, or none where it is not a plain struct.
pub(crate) fn field_names<T: DeserializeOwned>() -> Option<Names> {
    T::deserialize(Probe).err().and_then(|seen| seen.0)
}

/// Answers every question with an error that carries what was asked for.
struct Probe;

#[derive(Debug)]
struct Seen(Option<Names>);

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("only the shape was asked for")
    }
}

impl std::error::Error for Seen {}

impl de::Error for Seen {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self(None)
    }
}

impl<'de> Deserializer<'de> for Probe {
    type Error = Seen;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Seen> {
        Err(Seen(None))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: Names,
        _: V,
    ) -> Result<V::Value, Seen> {
        Err(Seen(Some(fields)))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Seen> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Seen> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
