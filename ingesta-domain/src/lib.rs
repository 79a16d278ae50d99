//! The SaludTech domain: the life of an ingesta and of its image. Pure: no I/O, no clock, no random.
//!
//! A provider hands in a reference to a medical image. The reference is accepted or refused; the
//! image gets a verdict; the ingesta is processed and ends. Everything that happens is an event.
//!
//! | room | what lives there |
//! |---|---|
//! | [`valor`] | value objects: ids, addresses, facts, states, reasons |
//! | [`ingesta`] | the aggregate `Ingesta`: commands, events, state, rules |
//! | [`imagen`] | the aggregate `Imagen`: the verdict on what was declared |
//! | [`saga`] | the saga of an ingesta: what it hears, remembers and asks for |
//! | [`consulta`] | the questions of the read side |
//! | [`upcaster`] | how old events become today's events |
//!
//! A rule is a plain function: state and command in, events or a refusal out. Time and ids come in with
//! the command. Domain words are Spanish, machinery words are English; `docs/glosario.md` lists them.
//!
//! ```
//! use ingesta_domain::ingesta::{CrearIngesta, EliminarIngesta, Ingesta, IniciarProceso, apply, decide};
//! use ingesta_domain::valor::{EstadoIngesta, HechosDeclarados, UrlPath};
//!
//! let fecha = "2025-03-01T12:00:00Z".parse()?;
//! let crear = CrearIngesta {
//!     id_proveedor: "1d670540-715a-5ee7-a1cb-54517d9d9cce".parse()?,
//!     id_paciente: "8210e5ca-bdf4-5f3e-9276-59c397648c20".parse()?,
//!     url_path: UrlPath::parse("https://imagenes.example.org/CT_small.dcm")?,
//!     hechos: HechosDeclarados::default(),
//!     fecha,
//! };
//!
//! // given: an ingesta that was created and is being processed
//! let mut ingesta = Ingesta::default();
//! for command in [crear.into(), IniciarProceso { fecha }.into()] {
//!     for event in decide(&ingesta, command)? {
//!         apply(&mut ingesta, event);
//!     }
//! }
//! assert_eq!(ingesta.estado(), Some(EstadoIngesta::Pendiente));
//!
//! // when it is withdrawn, then that is refused: somebody is working on it
//! let refused = decide(&ingesta, EliminarIngesta { fecha }.into()).unwrap_err();
//! assert_eq!(refused.code(), "transicion_invalida");
//! assert_eq!(refused.to_string(), "EliminarIngesta no es posible en el estado Pendiente");
//!
//! // when it is started again, then that is already done: no event, no error
//! assert!(decide(&ingesta, IniciarProceso { fecha }.into())?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[macro_use]
mod variante;

pub mod consulta;
pub mod imagen;
pub mod ingesta;
pub mod saga;
pub mod upcaster;
pub mod valor;

pub use upcaster::upcasters;
