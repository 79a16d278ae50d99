//! Why a server did not start.

use std::net::SocketAddr;

use ingesta_event_store::StoreError;
use ingesta_kafka::avro::SchemaError;
use ingesta_kafka::connect::KafkaError;

use crate::acceso::EmisorError;

/// A server that did not start. Nothing of it is left running.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The database is away, or its schema is not the one that this program works on.
    /// *Handling*: for [`StoreError::SchemaTooOld`] run the migration.
    #[error("cannot work on this database")]
    Database(#[from] StoreError),
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}")]
    Listen {
        /// The address that was asked for.
        listen: SocketAddr,
        /// What the operating system says.
        #[source]
        cause: std::io::Error,
    },
    /// Everybody who reaches the address could do everything. *Handling*: control access
    /// ([`crate::AppOptions::acceso`]), or listen on a loopback address.
    #[error("{listen} is not a loopback address, and there is no access control")]
    OpenToAll {
        /// The address that was asked for.
        listen: SocketAddr,
    },
    /// The tokens of an identity provider cannot be looked at. *Handling*: correct the options.
    #[error("access control cannot be used")]
    Access(#[from] EmisorError),
    /// An origin of another site's pages is no text of a header. *Handling*: correct it.
    #[error("an origin of HttpLimits::origins is none: expected https://host[:port]")]
    Origin,
    /// The options of the broker cannot be used. *Handling*: correct them.
    #[error("the broker's options cannot be used")]
    Broker(#[from] KafkaError),
    /// Sagas are wanted, and the routing table has no topics for them. *Handling*: add them
    /// ([`crate::mensajes::Rutas::con_saga`]).
    #[error("sagas are wanted, and the routing table has no topics for their orders and answers")]
    NoSagaTopics,
    /// A schema does not have the shape that the routing table says. *Handling*: correct the table.
    #[error("the routing table cannot be used")]
    Routes(#[from] SchemaError),
}
