//! Records, arrays and maps on their way to bytes.
//!
//! A record's fields are written as they come while they come in the schema's order; one that comes
//! early is kept until its turn.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, SerializeTupleStruct,
};

use super::serializer::Encoder;
use super::{EncodeError, Unfit, write_length};
use crate::avro::{Node, Record};

/// The fields of a record.
pub(super) struct Fields<'s, 'b> {
    record: &'s Record,
    bytes: &'b mut Vec<u8>,
    next: usize,
    /// Fields that came before their turn.
    early: Vec<(usize, Vec<u8>)>,
}

impl<'s, 'b> Fields<'s, 'b> {
    pub(super) fn new(record: &'s Record, bytes: &'b mut Vec<u8>) -> Self {
        Self {
            record,
            bytes,
            next: 0,
            early: Vec::new(),
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        let fields = &self.record.fields;
        if fields
            .get(self.next)
            .is_some_and(|field| field.name == name)
        {
            return Some(self.next);
        }
        fields.iter().position(|field| field.name == name)
    }

    fn write<T: Serialize + ?Sized>(&mut self, at: usize, value: &T) -> Result<(), EncodeError> {
        let field = &self.record.fields[at];
        let twice = at < self.next || self.early.iter().any(|(early, _)| *early == at);
        if twice {
            return Err(EncodeError::new(Unfit::Twice).within(&field.name));
        }
        let encoded = if at == self.next {
            value.serialize(Encoder {
                node: &field.node,
                bytes: self.bytes,
            })
        } else {
            let mut bytes = Vec::new();
            let encoded = value.serialize(Encoder {
                node: &field.node,
                bytes: &mut bytes,
            });
            self.early.push((at, bytes));
            encoded
        };
        encoded.map_err(|error| error.within(&field.name))?;
        if at == self.next {
            self.next += 1;
            while self.take_early() {}
        }
        Ok(())
    }

    /// Writes the next field if it has come already.
    fn take_early(&mut self) -> bool {
        let Some(at) = self.early.iter().position(|(at, _)| *at == self.next) else {
            return false;
        };
        let (_, bytes) = self.early.swap_remove(at);
        self.bytes.extend(bytes);
        self.next += 1;
        true
    }

    fn finish(mut self) -> Result<(), EncodeError> {
        while let Some(field) = self.record.fields.get(self.next) {
            if self.take_early() {
                continue;
            }
            let null = Encoder {
                node: &field.node,
                bytes: self.bytes,
            };
            null.absent()
                .map_err(|_| EncodeError::new(Unfit::MissingField(field.name.clone())))?;
            self.next += 1;
        }
        Ok(())
    }
}

impl SerializeStruct for Fields<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        let at = self
            .position(name)
            .ok_or_else(|| EncodeError::new(Unfit::UnknownField(Some(name))))?;
        self.write(at, value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}

/// The items of an array, or the entries of a map: a count and so many, then none.
pub(super) struct Items<'s, 'b> {
    node: &'s Node,
    bytes: &'b mut Vec<u8>,
    /// How many are still to come, where that was said; else each is a block of its own.
    left: Option<usize>,
}

impl<'s, 'b> Items<'s, 'b> {
    pub(super) fn new(node: &'s Node, count: Option<usize>, bytes: &'b mut Vec<u8>) -> Self {
        if let Some(count) = count.filter(|count| *count > 0) {
            write_length(count, bytes);
        }
        Self {
            node,
            bytes,
            left: count,
        }
    }

    fn begin(&mut self) -> Result<(), EncodeError> {
        match &mut self.left {
            Some(0) => return Err(EncodeError::new(Unfit::Count)),
            Some(left) => *left -= 1,
            None => write_length(1, self.bytes),
        }
        Ok(())
    }

    fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(Encoder {
            node: self.node,
            bytes: self.bytes,
        })
    }

    fn finish(self) -> Result<(), EncodeError> {
        if self.left.unwrap_or(0) > 0 {
            return Err(EncodeError::new(Unfit::Count));
        }
        write_length(0, self.bytes);
        Ok(())
    }
}

impl SerializeSeq for Items<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.begin()?;
        self.write(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}

impl SerializeTuple for Items<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}

impl SerializeTupleStruct for Items<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}

/// What serde calls a map: a map of the schema, or a record whose fields come by name.
pub(super) enum Entries<'s, 'b> {
    Map(Items<'s, 'b>),
    Record {
        fields: Fields<'s, 'b>,
        /// The field that the value to come is for.
        at: usize,
    },
}

impl<'s, 'b> Entries<'s, 'b> {
    pub(super) fn record(record: &'s Record, bytes: &'b mut Vec<u8>) -> Self {
        Self::Record {
            fields: Fields::new(record, bytes),
            at: 0,
        }
    }
}

impl SerializeMap for Entries<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        match self {
            Self::Map(items) => {
                items.begin()?;
                key.serialize(Encoder {
                    node: &Node::String,
                    bytes: items.bytes,
                })
            }
            Self::Record { fields, at } => {
                let name = serde_json::to_value(key).ok();
                let name = name.as_ref().and_then(serde_json::Value::as_str);
                *at = name
                    .and_then(|name| fields.position(name))
                    .ok_or_else(|| EncodeError::new(Unfit::UnknownField(None)))?;
                Ok(())
            }
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        match self {
            Self::Map(items) => items.write(value),
            Self::Record { fields, at } => fields.write(*at, value),
        }
    }

    fn end(self) -> Result<(), EncodeError> {
        match self {
            Self::Map(items) => items.finish(),
            Self::Record { fields, .. } => fields.finish(),
        }
    }
}
