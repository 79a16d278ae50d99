//! The names of everything that follows the log in this server. A name is for ever: the checkpoint
//! hangs on it.

/// The reaction that makes and undoes images.
pub const IMAGENES: &str = "imagenes";
/// The reaction that rejects the ingesta of a rejected image.
pub const INGESTAS: &str = "ingestas";
/// The projection of ingestas; also the name of its table.
pub const VISTA_INGESTAS: &str = "vista_ingestas";
/// The projection of images; also the name of its table.
pub const VISTA_IMAGENES: &str = "vista_imagenes";

/// The projection of sagas; also the name of its table.
pub const VISTA_SAGAS: &str = "vista_sagas";

/// The projections, each a table of the same name.
pub const PROJECTIONS: &[&str] = &[VISTA_INGESTAS, VISTA_IMAGENES, VISTA_SAGAS];

/// The reactions: subscriptions that answer an event with a command.
pub const REACTIONS: &[&str] = &[IMAGENES, INGESTAS];

/// The relay of what happens to ingestas.
pub const INTEGRACION_INGESTA: &str = "integracion_ingesta";
/// The relay of what happens to images.
pub const INTEGRACION_IMAGEN: &str = "integracion_imagen";

/// The relays: subscriptions that publish the log, where there is a broker.
pub const RELAYS: &[&str] = &[INTEGRACION_INGESTA, INTEGRACION_IMAGEN];

/// What the log tells the sagas.
pub const SAGA_INGESTA: &str = "saga_ingesta";
/// What sagas ask of their ingestas, and their timers.
pub const ACCIONES_SAGA: &str = "acciones_saga";
/// What fires the timers of sagas: no subscription, shown beside them.
pub const PLAZOS_SAGA: &str = "plazos_saga";
/// The relay of what sagas ask of neighbours.
pub const INTEGRACION_SAGA: &str = "integracion_saga";

/// What runs where sagas do: with a broker, and where the configuration says so.
pub const SAGAS: &[&str] = &[SAGA_INGESTA, ACCIONES_SAGA, INTEGRACION_SAGA];

/// Every subscription that the server runs without a broker too.
#[must_use]
pub fn subscriptions() -> Vec<&'static str> {
    PROJECTIONS.iter().chain(REACTIONS).copied().collect()
}
