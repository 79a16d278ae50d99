//! How an e-mail leaves: as a file, as a line of the log, over SMTP.
//!
//! Promises: a sender says what it knows: taken, certainly not taken, or not known.

mod archivo;
mod registro;
mod smtp;

use async_trait::async_trait;
use lettre::Message;
use uuid::Uuid;

pub use archivo::Archivo;
pub use registro::Registro;
pub use smtp::Smtp;

/// An e-mail that is ready to leave.
pub struct Carta {
    /// The notification's id, which is in its Message-ID.
    pub id: Uuid,
    /// The e-mail.
    pub message: Message,
}

/// Why an e-mail was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEnviado {
    /// It certainly was not, and another try may do.
    #[error("the e-mail was not taken: {0}")]
    Pasajero(String),
    /// It certainly was not, and another try would not be either.
    #[error("the e-mail is refused: {0}")]
    Definitivo(String),
    /// It was or it was not.
    #[error("it is not known whether the e-mail was taken: {0}")]
    Desconocido(String),
}

/// Sends e-mails.
#[async_trait]
pub trait Despacho: Send + Sync + 'static {
    /// True if sending the same e-mail twice is no second e-mail.
    fn repetible(&self) -> bool;

    /// Sends one.
    ///
    /// # Errors
    /// See [`NoEnviado`]. Codes hold no address.
    async fn enviar(&self, carta: &Carta) -> Result<(), NoEnviado>;
}
