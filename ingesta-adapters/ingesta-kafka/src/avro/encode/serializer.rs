//! One value on its way to bytes.

use serde::{Serialize, Serializer};

use super::compound::{Entries, Fields, Items};
use super::{EncodeError, Unfit, write_chars, write_length, write_long};
use crate::avro::Node;

/// Writes the value that is shown to it as the node says.
pub(super) struct Encoder<'s, 'b> {
    pub(super) node: &'s Node,
    pub(super) bytes: &'b mut Vec<u8>,
}

impl<'s> Encoder<'s, '_> {
    /// The type of a value that is there; writes which branch it is where null is another.
    fn present(&mut self) -> Result<&'s Node, EncodeError> {
        if !matches!(self.node, Node::Union(_)) {
            return Ok(self.node);
        }
        let Some((_, branch, node)) = self.node.nullable() else {
            return Err(EncodeError::new(Unfit::Choice));
        };
        write_length(branch, self.bytes);
        self.node = node;
        Ok(node)
    }

    /// Writes null, where it is allowed.
    pub(super) fn absent(self) -> Result<(), EncodeError> {
        if let Some((branch, ..)) = self.node.nullable() {
            write_length(branch, self.bytes);
            return Ok(());
        }
        let Node::Null = self.node else {
            return Err(unlike("null", self.node));
        };
        Ok(())
    }

    fn integer(mut self, value: i64) -> Result<(), EncodeError> {
        let node = self.present()?;
        if !matches!(node, Node::Int | Node::Long) {
            return Err(unlike("an integer", node));
        }
        if *node == Node::Int && i32::try_from(value).is_err() {
            return Err(EncodeError::new(Unfit::TooLarge));
        }
        write_long(value, self.bytes);
        Ok(())
    }
}

fn unlike(value: &'static str, schema: &Node) -> EncodeError {
    EncodeError::new(Unfit::Type {
        value,
        schema: schema.kind(),
    })
}

impl<'s, 'b> Serializer for Encoder<'s, 'b> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Items<'s, 'b>;
    type SerializeTuple = Items<'s, 'b>;
    type SerializeTupleStruct = Items<'s, 'b>;
    type SerializeTupleVariant = serde::ser::Impossible<(), EncodeError>;
    type SerializeMap = Entries<'s, 'b>;
    type SerializeStruct = Fields<'s, 'b>;
    type SerializeStructVariant = serde::ser::Impossible<(), EncodeError>;

    fn serialize_bool(mut self, value: bool) -> Result<(), EncodeError> {
        let node = self.present()?;
        let Node::Boolean = node else {
            return Err(unlike("a boolean", node));
        };
        self.bytes.push(u8::from(value));
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), EncodeError> {
        self.integer(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), EncodeError> {
        self.integer(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), EncodeError> {
        self.integer(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), EncodeError> {
        self.integer(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), EncodeError> {
        self.integer(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), EncodeError> {
        self.integer(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), EncodeError> {
        let value = i64::try_from(value).map_err(|_| EncodeError::new(Unfit::TooLarge))?;
        self.integer(value)
    }

    fn serialize_f32(mut self, value: f32) -> Result<(), EncodeError> {
        let node = self.present()?;
        if *node == Node::Double {
            self.bytes.extend(f64::from(value).to_le_bytes());
            return Ok(());
        }
        let Node::Float = node else {
            return Err(unlike("a float", node));
        };
        self.bytes.extend(value.to_le_bytes());
        Ok(())
    }

    fn serialize_f64(mut self, value: f64) -> Result<(), EncodeError> {
        let node = self.present()?;
        let Node::Double = node else {
            return Err(unlike("a double", node));
        };
        self.bytes.extend(value.to_le_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), EncodeError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(mut self, value: &str) -> Result<(), EncodeError> {
        let node = self.present()?;
        if let Node::Enum { symbols, .. } = node {
            let symbol = symbols.iter().position(|symbol| symbol == value);
            // The text is a value, so it is not told which one is unknown.
            let symbol = symbol.ok_or_else(|| EncodeError::new(Unfit::UnknownSymbol))?;
            write_length(symbol, self.bytes);
            return Ok(());
        }
        let Node::String = node else {
            return Err(unlike("a string", node));
        };
        write_chars(value.as_bytes(), self.bytes);
        Ok(())
    }

    fn serialize_bytes(mut self, value: &[u8]) -> Result<(), EncodeError> {
        let node = self.present()?;
        if matches!(node, Node::Fixed { size, .. } if *size == value.len()) {
            self.bytes.extend_from_slice(value);
            return Ok(());
        }
        let Node::Bytes = node else {
            return Err(unlike("bytes", node));
        };
        write_chars(value, self.bytes);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        self.absent()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), EncodeError> {
        self.absent()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), EncodeError> {
        self.absent()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), EncodeError> {
        Err(unlike("an enum that carries data", self.node))
    }

    fn serialize_seq(mut self, count: Option<usize>) -> Result<Items<'s, 'b>, EncodeError> {
        let node = self.present()?;
        let Node::Array(items) = node else {
            return Err(unlike("an array", node));
        };
        Ok(Items::new(items, count, self.bytes))
    }

    fn serialize_tuple(self, count: usize) -> Result<Items<'s, 'b>, EncodeError> {
        self.serialize_seq(Some(count))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        count: usize,
    ) -> Result<Items<'s, 'b>, EncodeError> {
        self.serialize_seq(Some(count))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, EncodeError> {
        Err(unlike("an enum that carries data", self.node))
    }

    fn serialize_map(mut self, count: Option<usize>) -> Result<Entries<'s, 'b>, EncodeError> {
        let node = self.present()?;
        if let Node::Record(record) = node {
            return Ok(Entries::record(record, self.bytes));
        }
        let Node::Map(values) = node else {
            return Err(unlike("a map", node));
        };
        Ok(Entries::Map(Items::new(values, count, self.bytes)))
    }

    fn serialize_struct(
        mut self,
        _: &'static str,
        _: usize,
    ) -> Result<Fields<'s, 'b>, EncodeError> {
        let node = self.present()?;
        let Node::Record(record) = node else {
            return Err(unlike("a record", node));
        };
        Ok(Fields::new(record, self.bytes))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, EncodeError> {
        Err(unlike("an enum that carries data", self.node))
    }
}
