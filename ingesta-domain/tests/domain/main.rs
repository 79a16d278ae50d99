//! The tests of the domain, from outside, through its public words.
//!
//! They promise: every row of the life table and nothing else (`vida`), told as stories (`historias`);
//! bad input refused (`entrada`); stored events readable for ever (`guardados`); verdicts without
//! chance (`veredicto`); what holds for any sequence of commands (`propiedades`); no word without an
//! explanation (`glosario`).

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
mod veredicto;
mod vida;
