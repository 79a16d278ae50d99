//! E-mails over SMTP, to a relay beside the program: no TLS, no password.
//!
//! Promises: an answer of the server is told as it is; whatever breaks before the e-mail itself is
//! given away is a passing failure; what breaks behind that leaves the outcome unknown.

use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;

use super::{Carta, Despacho, NoEnviado};

/// How long the server may take for the way up to the e-mail, and for the e-mail.
const WITHIN: Duration = Duration::from_secs(30);

/// Speaks to an SMTP server, a connection for each e-mail.
#[derive(Debug)]
pub struct Smtp {
    host: String,
    port: u16,
}

impl Smtp {
    /// To the server at `host:port`; connects to nobody yet.
    ///
    /// ```
    /// use saludtech::notificaciones::Smtp;
    ///
    /// assert!(Smtp::new("localhost:25").is_ok());
    /// assert!(Smtp::new("localhost").unwrap_err().to_string().contains("host:port"));
    /// ```
    ///
    /// # Errors
    /// When that is no host and port.
    pub fn new(address: &str) -> anyhow::Result<Self> {
        let wrong = || format!("--smtp {address}: expected host:port");
        let (host, port) = address.rsplit_once(':').with_context(wrong)?;
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: port.parse().with_context(wrong)?,
        })
    }

    /// Everything up to the point where the server asks for the e-mail.
    async fn up_to_the_mail(&self, carta: &Carta) -> Result<AsyncSmtpConnection, Error> {
        let server = (self.host.as_str(), self.port);
        let hello = ClientId::default();
        let mut server =
            AsyncSmtpConnection::connect_tokio1(server, Some(WITHIN), &hello, None, None).await?;
        let envelope = carta.message.envelope();
        let from = envelope.from().cloned();
        server.command(Mail::new(from, Vec::new())).await?;
        for to in envelope.to() {
            server.command(Rcpt::new(to.clone(), Vec::new())).await?;
        }
        server.command(Data).await?;
        Ok(server)
    }
}

/// What an answer of the server means, where there is one.
fn answered(error: &Error) -> Option<NoEnviado> {
    let code = format!("smtp_{}", error.status()?);
    Some(if error.is_permanent() {
        NoEnviado::Definitivo(code)
    } else {
        NoEnviado::Pasajero(code)
    })
}

#[async_trait]
impl Despacho for Smtp {
    /// A server may well take the same e-mail twice.
    fn repetible(&self) -> bool {
        false
    }

    async fn enviar(&self, carta: &Carta) -> Result<(), NoEnviado> {
        let passing = || NoEnviado::Pasajero("smtp_sin_conexion".to_owned());
        let opened = tokio::time::timeout(WITHIN, self.up_to_the_mail(carta)).await;
        let opened = opened.map_err(|_| passing())?;
        let mut server = opened.map_err(|error| answered(&error).unwrap_or_else(passing))?;
        let unknown = || NoEnviado::Desconocido("smtp_interrumpido".to_owned());
        let bytes = carta.message.formatted();
        let given = tokio::time::timeout(WITHIN, server.message(&bytes)).await;
        let given = given.map_err(|_| unknown())?;
        given.map_err(|error| answered(&error).unwrap_or_else(unknown))?;
        // It is taken; how the connection ends is nobody's concern.
        let _ = tokio::time::timeout(WITHIN, server.quit()).await;
        Ok(())
    }
}
