//! From the words of a configuration: `limpiar.rechazar=0.2,etiquetar.callar=0.1`.

use std::str::FromStr;

use super::{Fallos, Modo, Paso};

/// Words that ask for no failure that there is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FallosError {
    /// It is not `step.way=probability`.
    #[error("`{0}`: expected step.way=probability, as in limpiar.rechazar=0.2")]
    Shape(String),
    /// No such step.
    #[error("`{0}`: the steps are anonimizar, etiquetar, limpiar, revertir, notificar")]
    Step(String),
    /// No such way to go wrong.
    #[error("`{0}`: the ways are fallar, rechazar, demorar, callar, repetir, perder, caer")]
    Way(String),
    /// Not a probability.
    #[error("`{0}`: a probability is between 0 and 1")]
    Probability(String),
}

impl Paso {
    const ALL: [Self; 5] = [
        Self::Anonimizar,
        Self::Etiquetar,
        Self::Limpiar,
        Self::Revertir,
        Self::Notificar,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Anonimizar => "anonimizar",
            Self::Etiquetar => "etiquetar",
            Self::Limpiar => "limpiar",
            Self::Revertir => "revertir",
            Self::Notificar => "notificar",
        }
    }
}

impl Modo {
    const ALL: [Self; 7] = [
        Self::Fallar,
        Self::Rechazar,
        Self::Demorar,
        Self::Callar,
        Self::Repetir,
        Self::Perder,
        Self::Caer,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Fallar => "fallar",
            Self::Rechazar => "rechazar",
            Self::Demorar => "demorar",
            Self::Callar => "callar",
            Self::Repetir => "repetir",
            Self::Perder => "perder",
            Self::Caer => "caer",
        }
    }
}

impl FromStr for Fallos {
    type Err = FallosError;

    fn from_str(text: &str) -> Result<Self, FallosError> {
        let mut fallos = Self::default();
        let asked = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        for part in asked {
            let shape = || FallosError::Shape(part.to_owned());
            let (what, probability) = part.split_once('=').ok_or_else(shape)?;
            let (step, way) = what.trim().split_once('.').ok_or_else(shape)?;
            let paso = Paso::ALL.into_iter().find(|paso| paso.word() == step);
            let modo = Modo::ALL.into_iter().find(|modo| modo.word() == way);
            let paso = paso.ok_or_else(|| FallosError::Step(step.to_owned()))?;
            let modo = modo.ok_or_else(|| FallosError::Way(way.to_owned()))?;
            let number: Option<f64> = probability.trim().parse().ok();
            let number = number.filter(|number| (0.0..=1.0).contains(number));
            let number = number.ok_or_else(|| FallosError::Probability(part.to_owned()))?;
            fallos.probabilidades.insert((paso, modo), number);
        }
        Ok(fallos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_refused_by_its_own_words() {
        let refused = |text: &str| text.parse::<Fallos>().expect_err(text).to_string();
        assert!(refused("limpiar").contains("limpiar.rechazar=0.2"));
        assert!(refused("barrer.caer=1").contains("etiquetar"));
        assert!(refused("limpiar.romper=1").contains("callar"));
        for number in ["2", "-0.1", "NaN", "mucho"] {
            assert!(refused(&format!("limpiar.caer={number}")).contains("between 0 and 1"));
        }
        assert_eq!("".parse(), Ok(Fallos::default()));
    }
}
