//! What the e-mail says.
//!
//! Promises: the same notification makes the same e-mail, under the same Message-ID; it names the
//! ingesta and its state, and no patient, no address, no free text.

use std::time::SystemTime;

use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use uuid::Uuid;

use super::aggregate::Pedido;
use super::{Asunto, Carta};
use crate::mensajes::instante;

/// Who writes to whom.
#[derive(Clone, Debug)]
pub struct Direcciones {
    /// Who sends.
    pub de: String,
    /// Who hears of failures.
    pub para_fallos: String,
    /// Who hears of alerts.
    pub para_alertas: String,
}

/// An address that is none.
#[derive(Debug, thiserror::Error)]
#[error("{which}: expected an e-mail address, as ingestas@example.org")]
pub struct DireccionError {
    which: &'static str,
    #[source]
    cause: lettre::address::AddressError,
}

/// Writes e-mails.
#[derive(Clone, Debug)]
pub struct Correo {
    de: Mailbox,
    para_fallos: Mailbox,
    para_alertas: Mailbox,
}

impl Correo {
    /// Between these addresses.
    ///
    /// ```
    /// use saludtech::notificaciones::{Correo, Direcciones};
    ///
    /// let mut direcciones = Direcciones {
    ///     de: "ingestas@example.org".into(),
    ///     para_fallos: "fallos@example.org".into(),
    ///     para_alertas: "alertas@example.org".into(),
    /// };
    /// assert!(Correo::new(direcciones.clone()).is_ok());
    /// direcciones.para_fallos = "nobody".into();
    /// assert!(Correo::new(direcciones).unwrap_err().to_string().contains("--para-fallos"));
    /// ```
    ///
    /// # Errors
    /// [`DireccionError`] names the one that is none.
    pub fn new(direcciones: Direcciones) -> Result<Self, DireccionError> {
        let parse = |which, text: &str| {
            let parsed: Result<Mailbox, _> = text.parse();
            parsed.map_err(|cause| DireccionError { which, cause })
        };
        Ok(Self {
            de: parse("--de", &direcciones.de)?,
            para_fallos: parse("--para-fallos", &direcciones.para_fallos)?,
            para_alertas: parse("--para-alertas", &direcciones.para_alertas)?,
        })
    }

    /// The e-mail of a notification.
    pub(super) fn carta(&self, id: Uuid, pedido: &Pedido) -> Result<Carta, lettre::error::Error> {
        let id_ingesta = pedido.id_ingesta;
        let (para, subject, what) = match pedido.asunto {
            Asunto::FalloIngesta => (
                &self.para_fallos,
                "Ingesta fallida",
                "fallo y quedo Fallida. Que se hizo, que se deshizo y que queda lo dice su saga.",
            ),
            Asunto::AlertaIngesta => (
                &self.para_alertas,
                "Ingesta en alerta",
                "quedo Alertada y espera a una persona. Por que, lo dice su saga.",
            ),
        };
        let suceso = instante(pedido.suceso);
        let body = format!(
            "La ingesta {id_ingesta} {what}\n\nCuando: {suceso}\nConsulta: \
             /ingesta/consulta-por-id/{id_ingesta}\nSaga: /ingesta/{id_ingesta}/saga\n"
        );
        let message = Message::builder()
            .from(self.de.clone())
            .to(para.clone())
            .subject(format!("{subject}: {id_ingesta}"))
            // The event's own instant: a repetition is equal to its first.
            .date(SystemTime::from(pedido.suceso))
            .message_id(Some(format!("<{id}@notificaciones.saludtech>")))
            .header(ContentType::TEXT_PLAIN)
            .body(body)?;
        Ok(Carta { id, message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn correo() -> Correo {
        let direcciones = Direcciones {
            de: "ingestas@example.org".into(),
            para_fallos: "fallos@example.org".into(),
            para_alertas: "alertas@example.org".into(),
        };
        Correo::new(direcciones).expect("addresses")
    }

    fn carta(id: Uuid, asunto: Asunto) -> String {
        let pedido = Pedido {
            id_ingesta: Uuid::nil(),
            asunto,
            suceso: "2026-01-31T08:30:00Z".parse().expect("an instant"),
        };
        // Another instance makes its own.
        let carta = correo().carta(id, &pedido).expect("an e-mail");
        String::from_utf8(carta.message.formatted()).expect("text")
    }

    #[test]
    fn b_54_the_same_notification_is_the_same_e_mail_under_the_same_message_id() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let first = carta(one, Asunto::FalloIngesta);
        assert_eq!(first, carta(one, Asunto::FalloIngesta), "byte for byte");
        let id = |text: &str| {
            let line = text.lines().find(|line| line.starts_with("Message-ID:"));
            line.expect("it has one").to_owned()
        };
        assert!(id(&first).contains(&one.to_string()), "{first}");
        assert_ne!(id(&first), id(&carta(other, Asunto::FalloIngesta)));
        assert!(first.contains("fallos@example.org") && !first.contains("alertas@"));
        assert!(carta(one, Asunto::AlertaIngesta).contains("alertas@example.org"));
    }
}
