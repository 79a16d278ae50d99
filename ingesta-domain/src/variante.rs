//! One macro: the glue between an enum of commands or events and the struct that each variant carries.
//!
//! It promises that the name of a variant, the name of its struct and the name used on the wire are
//! the same word, because all three come from the same token.
//! It holds no rule and no serialisation: those are written where the type is.

/// Writes `From<Struct>` for each variant, the list of all names, and the name of a value.
macro_rules! variantes {
    ($enum:ident: $($variante:ident),+ $(,)?) => {
        impl $enum {
            /// The name of every variant, in the order in which they are declared.
            pub const TIPOS: &'static [&'static str] = &[$(stringify!($variante)),+];

            /// The name of this variant: the word used on the wire, in errors and in the glossary.
            #[must_use]
            pub const fn tipo(&self) -> &'static str {
                match self {
                    $(Self::$variante(_) => stringify!($variante)),+
                }
            }
        }

        $(impl From<$variante> for $enum {
            fn from(valor: $variante) -> Self {
                Self::$variante(valor)
            }
        })+
    };
}
