//! The tests of the domain, from outside, through its public words.
//!
//! They promise: every row of the life table and nothing else (`vida`), told as stories (`historias`);
//! bad input refused (`entrada`); stored events readable for ever (`guardados`); verdicts without
//! chance (`veredicto`); what holds for any sequence of commands (`propiedades`); no word without an
//! explanation (`glosario`); the saga told as stories, and played against a world that delays, repeats and
//! loses (`saga`).

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop loudly"
)]

mod entrada;
mod glosario;
mod guardados;
mod historias;
mod muestra;
mod propiedades;
mod saga;
mod veredicto;
mod vida;
