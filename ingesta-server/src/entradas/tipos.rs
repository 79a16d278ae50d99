//! Whether a message on a topic of commands is called what that topic carries.
//!
//! Promises: a message under the name of another one that this server knows is refused, since two
//! commands may look alike: one that reverts an ingesta must not withdraw it. A name that nobody
//! here knows is the sender's own, as `Comando` of the first systems, and passes; so does none.

use ingesta_kafka::inbox::HandleError;
use ingesta_kafka::message::IncomingMessage;

use super::contexto::header;
use crate::mensajes::Esquema;

/// The name in the headers of a CloudEvent.
const TYPE: &str = "ce_type";

/// Checks the name in the envelope, and the one in the headers.
pub(super) fn comprobar(
    esquema: Esquema,
    tipo: Option<&str>,
    message: &IncomingMessage,
) -> Result<(), HandleError> {
    let names = [tipo, header(message, TYPE)];
    if names
        .into_iter()
        .flatten()
        .any(|name| is_of_another(esquema, name))
    {
        return Err(HandleError::poison(
            "tipo_ajeno",
            "the message is called by the name of another one than its topic carries",
        ));
    }
    Ok(())
}

fn is_of_another(esquema: Esquema, name: &str) -> bool {
    let known = |esquema: &Esquema| esquema.messages().contains(&name);
    !known(&esquema) && Esquema::TODOS.iter().any(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_another_message_is_refused() {
        let own = Esquema::ComandoEliminarIngesta;
        for name in ["ComandoEliminarIngesta", "Comando", "ComandoIngesta", ""] {
            assert!(!is_of_another(own, name), "{name}");
        }
        for name in ["ComandoRevertirIngesta", "IngestaCreada", "LimpiarIngesta"] {
            assert!(is_of_another(own, name), "{name}");
        }
    }
}
