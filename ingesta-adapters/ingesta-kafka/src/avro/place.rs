//! Where in a value: the names of the fields from the outside in, which are the schema's and never
//! data.

use std::fmt;

/// The way to a field, as `data.estado`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    // From the inside out, because an error learns of its place on its way up.
    names: Vec<String>,
}

impl Place {
    /// The same place, seen from the record that has it in the field `name`.
    pub(crate) fn within(mut self, name: &str) -> Self {
        self.names.push(name.to_owned());
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.names.is_empty() {
            return f.write_str("the message");
        }
        f.write_str("`")?;
        for (at, name) in self.names.iter().rev().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            f.write_str(name)?;
        }
        f.write_str("`")
    }
}
