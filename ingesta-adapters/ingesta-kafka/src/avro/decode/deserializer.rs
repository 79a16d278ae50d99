//! One value on its way from bytes.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::compound::{Fields, Items};
use super::input::Input;
use super::{DecodeError, Number, Plan};

/// Reads what the plan says and shows it to the visitor.
pub(crate) struct Decoder<'p, 'i, 'de> {
    pub(super) plan: &'p Plan,
    pub(super) input: &'i mut Input<'de>,
}

impl Decoder<'_, '_, '_> {
    /// Takes the branch that was written, where there is a choice.
    fn chosen(self) -> Result<Self, DecodeError> {
        let Plan::Union(branches) = self.plan else {
            return Ok(self);
        };
        let branch = self.input.choice(branches.len())?;
        Ok(Self {
            plan: &branches[branch],
            input: self.input,
        })
    }

    /// Reads the value and shows it to nobody.
    pub(super) fn skip(self) -> Result<(), DecodeError> {
        let input = self.input;
        match self.plan {
            Plan::Null => {}
            Plan::Boolean => drop(input.boolean()?),
            Plan::Number { wire, .. } => match wire {
                Number::Int => drop(input.int()?),
                Number::Long => drop(input.long()?),
                Number::Float => drop(input.array::<4>()?),
                Number::Double => drop(input.array::<8>()?),
            },
            Plan::Text | Plan::Bytes => drop(input.sized()?),
            Plan::Fixed(size) => drop(input.take(*size)?),
            Plan::Enum(symbols) => drop(input.choice(symbols.len())?),
            Plan::Array(plan) => {
                while let left @ 1.. = input.block()? {
                    for _ in 0..left {
                        Decoder { plan, input }.skip()?;
                    }
                }
            }
            Plan::Map(plan) => {
                while let left @ 1.. = input.block()? {
                    for _ in 0..left {
                        input.sized()?;
                        Decoder { plan, input }.skip()?;
                    }
                }
            }
            Plan::Union(branches) => {
                let branch = input.choice(branches.len())?;
                let plan = &branches[branch];
                Decoder { plan, input }.skip()?;
            }
            Plan::Record { steps, .. } => {
                for step in steps {
                    let plan = &step.plan;
                    Decoder { plan, input }.skip()?;
                }
            }
        }
        Ok(())
    }
}

fn number<'de, V: Visitor<'de>>(
    wire: Number,
    to: Number,
    input: &mut Input<'de>,
    visitor: V,
) -> Result<V::Value, DecodeError> {
    match wire {
        Number::Int if to == Number::Int => visitor.visit_i32(input.int()?),
        Number::Int if to == Number::Long => visitor.visit_i64(input.int()?.into()),
        Number::Int => visitor.visit_f64(input.int()?.into()),
        Number::Long if to <= Number::Long => visitor.visit_i64(input.long()?),
        // The specification promotes so, and says that digits may be lost.
        Number::Long => visitor.visit_f64(input.long()? as f64),
        Number::Float if to == Number::Float => {
            visitor.visit_f32(f32::from_le_bytes(input.array()?))
        }
        Number::Float => visitor.visit_f64(f32::from_le_bytes(input.array()?).into()),
        Number::Double => visitor.visit_f64(f64::from_le_bytes(input.array()?)),
    }
}

impl<'de> Deserializer<'de> for Decoder<'_, '_, 'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let input = self.input;
        match self.plan {
            Plan::Null => visitor.visit_unit(),
            Plan::Boolean => visitor.visit_bool(input.boolean()?),
            Plan::Number { wire, to } => number(*wire, *to, input, visitor),
            Plan::Text => visitor.visit_borrowed_str(input.text()?),
            Plan::Bytes => visitor.visit_borrowed_bytes(input.sized()?),
            Plan::Fixed(size) => visitor.visit_borrowed_bytes(input.take(*size)?),
            Plan::Enum(symbols) => visitor.visit_str(&symbols[input.choice(symbols.len())?]),
            Plan::Array(plan) => {
                let mut items = Items::new(plan, input);
                let value = visitor.visit_seq(&mut items)?;
                items.finish()?;
                Ok(value)
            }
            Plan::Map(plan) => {
                let mut items = Items::new(plan, input);
                let value = visitor.visit_map(&mut items)?;
                items.finish()?;
                Ok(value)
            }
            Plan::Union(branches) => {
                let branch = input.choice(branches.len())?;
                let plan = &branches[branch];
                Decoder { plan, input }.deserialize_any(visitor)
            }
            Plan::Record { steps, defaults } => {
                let mut fields = Fields::new(steps, defaults, input);
                let value = visitor.visit_map(&mut fields)?;
                fields.finish()?;
                Ok(value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let chosen = self.chosen()?;
        if *chosen.plan == Plan::Null {
            return visitor.visit_none();
        }
        visitor.visit_some(chosen)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let chosen = self.chosen()?;
        if let Plan::Enum(symbols) = chosen.plan {
            let symbol = chosen.input.choice(symbols.len())?;
            let name: &str = &symbols[symbol];
            return visitor.visit_enum(name.into_deserializer());
        }
        if *chosen.plan == Plan::Text {
            let name = BorrowedStrDeserializer::new(chosen.input.text()?);
            return visitor.visit_enum(name);
        }
        chosen.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier
    }
}
