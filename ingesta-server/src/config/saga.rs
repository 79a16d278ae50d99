//! The keys that begin with `saga`, to the plan of sagas.
//!
//! Promises: what is wrong is named by its key, whether or not sagas are wanted.

use ingesta_domain::saga::Plan;

use super::read::{bad, number};
use super::{ConfigError, Layers};

/// How patient sagas are; `None` where none are wanted.
pub(super) fn saga(layers: &Layers) -> Result<Option<Plan>, ConfigError> {
    let expected = "a whole number of seconds, 1 to 300";
    let seconds = number(layers, "saga_wait_seconds", 1..=300, expected)?;
    let tries = number(layers, "saga_tries", 1..=100, "a number, 1 to 100")?;
    let plan = Plan {
        espera_ms: seconds * 1_000,
        intentos: u32::try_from(tries).expect("at most 100"),
    };
    Ok(wanted(layers)?.then_some(plan))
}

/// Whether sagas are wanted.
pub(super) fn wanted(layers: &Layers) -> Result<bool, ConfigError> {
    match layers.get("saga").map(|setting| setting.value.as_str()) {
        Some("si") => Ok(true),
        Some("no") | None => Ok(false),
        Some(_) => Err(bad(layers, "saga", "si or no")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Option<Plan>, ConfigError> {
        let mut layers = Layers::defaults();
        let variables = settings
            .iter()
            .map(|(name, value)| (format!("INGESTA_{name}").into(), (*value).into()));
        layers.environment(variables)?;
        saga(&layers)
    }

    #[test]
    fn sagas_are_wanted_by_a_word_and_as_patient_as_is_said() {
        assert_eq!(read(&[]).expect("sound"), None);
        let plan = read(&[("SAGA", "si")]).expect("sound").expect("wanted");
        assert_eq!(plan, Plan::default());
        let said = [
            ("SAGA", "si"),
            ("SAGA_WAIT_SECONDS", "2"),
            ("SAGA_TRIES", "3"),
        ];
        let plan = read(&said).expect("sound").expect("wanted");
        assert_eq!((plan.espera_ms, plan.intentos), (2_000, 3));
        for (name, value) in [
            ("SAGA", "yes"),
            ("SAGA_WAIT_SECONDS", "0"),
            ("SAGA_TRIES", "101"),
        ] {
            let text = read(&[(name, value)]).expect_err("it is wrong").to_string();
            assert!(text.contains(&name.to_lowercase()), "{text}");
        }
    }
}
