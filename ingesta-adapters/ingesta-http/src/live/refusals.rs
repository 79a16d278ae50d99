//! Why somebody may not watch.

use crate::{Problem, RetryAfter};

pub(super) fn no_cursor() -> Problem {
    Problem::bad_request(
        "posicion_invalida",
        "desde o Last-Event-ID no es `inicio` ni una posición que este servicio haya dado",
    )
}

pub(super) fn not_there() -> Problem {
    Problem::bad_request(
        "posicion_desconocida",
        "el registro no llega hasta esa posición: vuelva a empezar con `desde=inicio` o sin ella",
    )
}

pub(super) fn too_many() -> Problem {
    let detail = "ya hay tantos observadores como el servicio admite: intente más tarde";
    Problem::unavailable("demasiados_observadores", detail, RetryAfter::from_secs(5))
}

pub(super) fn away() -> Problem {
    let detail = "el registro no responde ahora: intente más tarde";
    Problem::unavailable("registro_ausente", detail, RetryAfter::from_secs(1))
}
