//! One macro: a `Debug` that shows the name of the type and nothing of its content.
//!
//! It promises that a value that can identify a person reaches no log, panic message or test
//! output through `{:?}`, also when it sits deep inside a command, an event or a state.
//! It does not touch serialisation: what is stored and sent is decided elsewhere.

/// Writes `Debug` for a type that holds personal data or free text.
macro_rules! debug_redactado {
    ($($tipo:ident),+ $(,)?) => {$(
        impl std::fmt::Debug for $tipo {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($tipo), "(..)"))
            }
        }
    )+};
}
