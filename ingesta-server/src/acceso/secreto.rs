//! The text of a key: `ing_ID_SECRET`, shown once, of which a hash is kept.
//!
//! Promises: the secret has 244 random bits, so one round of SHA-256 keeps it; the id finds the hash
//! without a search; no `Debug` shows a secret.

use std::fmt;

use ingesta_event_store::fingerprint;
use uuid::Uuid;

const BEGIN: &str = "ing_";
const SECRET_LEN: usize = 64;

/// The text of a key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secreto {
    pub(super) id: Uuid,
    secret: String,
}

impl fmt::Debug for Secreto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secreto({}, ..)", self.id)
    }
}

impl Secreto {
    /// One that nobody has.
    pub(super) fn nuevo() -> Self {
        let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
        Self {
            id: Uuid::now_v7(),
            secret: format!("{}{}", one.simple(), two.simple()),
        }
    }

    /// From what somebody shows; `None` where it is no such text.
    pub(super) fn leer(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(BEGIN)?.split_once('_')?;
        let hex = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f');
        if secret.len() != SECRET_LEN || !secret.chars().all(hex) {
            return None;
        }
        Some(Self {
            id: Uuid::try_parse(id).ok()?,
            secret: secret.to_owned(),
        })
    }

    /// What is handed out.
    pub(super) fn texto(&self) -> String {
        format!("{BEGIN}{}_{}", self.id.simple(), self.secret)
    }

    /// What is kept.
    pub(super) fn huella(&self) -> String {
        let hash = fingerprint(&(self.id, &self.secret));
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether this hash is its own. As long for the wrong one as for the right one.
    pub(super) fn es(&self, huella: &str) -> bool {
        let own = self.huella();
        let differing = own.bytes().zip(huella.bytes());
        let differing = differing.fold(0, |sum, (a, b)| sum | (a ^ b));
        own.len() == huella.len() && differing == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_out_is_read_again_and_nothing_else_is() {
        let secreto = Secreto::nuevo();
        let read = Secreto::leer(&secreto.texto()).expect("its own text");
        assert!(read == secreto && read.es(&secreto.huella()));
        let other = Secreto::nuevo();
        assert!(!read.es(&other.huella()) && !read.es("") && !read.es("00"));
        let text = secreto.texto();
        for wrong in ["", "ing_", "ing_x_y", &text[..text.len() - 1], &text[1..]] {
            assert_eq!(Secreto::leer(wrong), None, "{wrong}");
        }
        let shown = format!("{secreto:?}");
        assert!(!text.ends_with(&shown) && !shown.contains(&secreto.secret));
    }
}
