//! Records, arrays and maps on their way from bytes.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess};
use serde_json::Value;

use super::deserializer::Decoder;
use super::input::Input;
use super::{DecodeError, Plan, Refusal, Step};

/// The fields of a record: the writer's, then those that the reader has a default for.
pub(super) struct Fields<'p, 'i, 'de> {
    steps: &'p [Step],
    defaults: &'p [(String, Value)],
    input: &'i mut Input<'de>,
}

impl<'p, 'i, 'de> Fields<'p, 'i, 'de> {
    pub(super) fn new(
        steps: &'p [Step],
        defaults: &'p [(String, Value)],
        input: &'i mut Input<'de>,
    ) -> Self {
        Self {
            steps,
            defaults,
            input,
        }
    }

    /// Reads what the visitor did not ask for, so that what follows the record is found.
    pub(super) fn finish(self) -> Result<(), DecodeError> {
        let input = self.input;
        for step in self.steps {
            let plan = &step.plan;
            Decoder { plan, input }.skip()?;
        }
        Ok(())
    }
}

impl<'de> MapAccess<'de> for &mut Fields<'_, '_, 'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        while let Some((step, rest)) = self.steps.split_first() {
            if let Some(name) = &step.name {
                return seed.deserialize(StrDeserializer::new(name)).map(Some);
            }
            let plan = &step.plan;
            let input = &mut *self.input;
            Decoder { plan, input }.skip()?;
            self.steps = rest;
        }
        match self.defaults.first() {
            Some((name, _)) => seed.deserialize(StrDeserializer::new(name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        if let Some((step, rest)) = self.steps.split_first() {
            self.steps = rest;
            let plan = &step.plan;
            let input = &mut *self.input;
            let value = seed.deserialize(Decoder { plan, input });
            let name = step.name.as_deref().unwrap_or_default();
            return value.map_err(|error| error.within(name));
        }
        let Some(((name, default), rest)) = self.defaults.split_first() else {
            return Err(DecodeError::custom("a value without a key"));
        };
        self.defaults = rest;
        // What the error says quotes the default; that it is the default is enough.
        seed.deserialize(default.clone())
            .map_err(|_| DecodeError::new(Refusal::Refused).within(name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.steps.len() + self.defaults.len())
    }
}

/// The items of an array, or the entries of a map.
pub(super) struct Items<'p, 'i, 'de> {
    plan: &'p Plan,
    input: &'i mut Input<'de>,
    /// How many are left of the present block.
    left: usize,
    ended: bool,
}

impl<'p, 'i, 'de> Items<'p, 'i, 'de> {
    pub(super) fn new(plan: &'p Plan, input: &'i mut Input<'de>) -> Self {
        Self {
            plan,
            input,
            left: 0,
            ended: false,
        }
    }

    /// True where another one follows.
    fn more(&mut self) -> Result<bool, DecodeError> {
        if self.left == 0 && !self.ended {
            self.left = self.input.block()?;
            self.ended = self.left == 0;
        }
        Ok(!self.ended)
    }

    /// A visitor that stopped early (a pair, of three items) does not take this value.
    pub(super) fn finish(mut self) -> Result<(), DecodeError> {
        if self.more()? {
            return Err(DecodeError::new(Refusal::Refused));
        }
        Ok(())
    }

    fn value<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        self.left = self.left.saturating_sub(1);
        seed.deserialize(Decoder {
            plan: self.plan,
            input: self.input,
        })
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_, '_, 'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        if !self.more()? {
            return Ok(None);
        }
        self.value(seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for &mut Items<'_, '_, 'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        if !self.more()? {
            return Ok(None);
        }
        let plan = &Plan::Text;
        let input = &mut *self.input;
        seed.deserialize(Decoder { plan, input }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        self.value(seed)
    }
}
