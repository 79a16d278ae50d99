//! Whether all that is written down agrees: log, view, topic, and the neighbours' own books.
//!
//! Promises: every disagreement is told with the id of its ingesta; nothing is counted as well that
//! was not looked at.

use std::collections::BTreeMap;

use serde::Serialize;

use super::libros::{Hecho, Libro, Libros};

/// How many ingestas are in which state, by one witness.
pub(super) type Cuenta = BTreeMap<String, u64>;

/// The same question to four witnesses.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Auditoria {
    /// By the events of the ingestas.
    log: Cuenta,
    /// By what HTTP answers.
    vista: Cuenta,
    /// By what was published.
    topico: Cuenta,
    /// How many have which steps standing, by the neighbours' books.
    vecinos: Cuenta,
    /// What does not agree, and where.
    discrepancias: Vec<String>,
}

/// What one ingesta is by the view and by the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Visto {
    pub(super) vista: String,
    pub(super) topico: String,
}

impl Auditoria {
    /// Compares what is known of these.
    pub(super) fn new(libros: &Libros, vistos: &BTreeMap<String, Visto>) -> Self {
        let mut this = Self::default();
        let none = Libro::default();
        for (id, visto) in vistos {
            let libro = libros.get(id).unwrap_or(&none);
            *this.log.entry(libro.estado.to_owned()).or_default() += 1;
            *this.vista.entry(visto.vista.clone()).or_default() += 1;
            *this.topico.entry(visto.topico.clone()).or_default() += 1;
            *this.vecinos.entry(en_pie(libro)).or_default() += 1;
            let found = faltas(libro, visto);
            this.discrepancias
                .extend(found.into_iter().map(|falta| format!("{id}: {falta}")));
        }
        for id in libros.keys().filter(|id| !vistos.contains_key(*id)) {
            this.discrepancias
                .push(format!("{id}: nobody handed it in"));
        }
        this
    }

    /// Everything agrees.
    pub(super) fn is_well(&self) -> bool {
        self.discrepancias.is_empty()
    }

    /// What does not.
    pub(super) fn discrepancias(&self) -> &[String] {
        &self.discrepancias
    }
}

/// The steps that stand, in words.
fn en_pie(libro: &Libro) -> String {
    let mut words: Vec<&str> = libro.en_pie().into_iter().map(palabra).collect();
    words.extend(libro.limpio.then_some("limpio"));
    if words.is_empty() {
        return "nada".to_owned();
    }
    words.join("+")
}

fn palabra(hecho: Hecho) -> &'static str {
    match hecho {
        Hecho::Anonimizado => "anonimizado",
        Hecho::Etiquetado => "etiquetado",
    }
}

/// What is wrong with one of them.
fn faltas(libro: &Libro, visto: &Visto) -> Vec<String> {
    const BOTH: [Hecho; 2] = [Hecho::Anonimizado, Hecho::Etiquetado];
    let mut faltas = Vec::new();
    let mut must = |holds: bool, falta: &str| {
        if !holds {
            faltas.push(falta.to_owned());
        }
    };
    let estado = libro.estado;
    must(
        visto.vista == estado,
        "the view says otherwise than the log",
    );
    must(
        visto.topico == estado,
        "the topic says otherwise than the log",
    );
    let ended = u32::from(estado != "Alertada");
    must(libro.finales == ended, "it has not exactly one end");
    let standing = libro.en_pie();
    match estado {
        "Finalizada" => {
            must(standing == BOTH && libro.limpio, "a step of it is missing");
        }
        "Alertada" => must(standing == BOTH, "it waits, and a step is missing"),
        // Undone while it was cleaned up: what is anonymised is all that is left of it.
        "Fallida" | "Rechazada" if libro.limpio => {
            must(standing == BOTH, "both of its copies are lost");
        }
        _ => must(standing.is_empty(), "a step of it stands"),
    }
    if estado == "Fallida" {
        must(libro.imagen_revertida, "its image is not undone");
    }
    match &libro.saga {
        None => must(
            libro.hechos.is_empty(),
            "no saga led it, and a step is done",
        ),
        Some(saga) => {
            must(
                saga.terminada == (estado != "Alertada"),
                "its saga has not ended as it has",
            );
            // The latest first, exactly what was done; nothing where it ended well.
            let mut done = libro.hechos.clone();
            done.sort_unstable();
            done.reverse();
            let expected = match estado {
                "Finalizada" | "Alertada" => Vec::new(),
                "Fallida" | "Rechazada" if libro.limpio => Vec::new(),
                _ => done,
            };
            must(
                saga.revertidos == expected,
                "what was reverted is not what was done, the latest first",
            );
        }
    }
    faltas
}

#[cfg(test)]
mod tests {
    use super::super::libros::Saga;
    use super::*;

    fn libro(estado: &'static str) -> Libro {
        Libro {
            estado,
            finales: u32::from(estado != "Alertada"),
            saga: Some(Saga {
                terminada: estado != "Alertada",
                revertidos: Vec::new(),
            }),
            hechos: vec![Hecho::Anonimizado, Hecho::Etiquetado],
            ..Libro::default()
        }
    }

    fn fallida() -> Libro {
        Libro {
            imagen_revertida: true,
            deshechos: vec![Hecho::Etiquetado, Hecho::Anonimizado],
            saga: Some(Saga {
                terminada: true,
                revertidos: vec![Hecho::Etiquetado, Hecho::Anonimizado],
            }),
            ..libro("Fallida")
        }
    }

    fn auditar(libro: Libro, vista: &str, topico: &str) -> Auditoria {
        let visto = Visto {
            vista: vista.to_owned(),
            topico: topico.to_owned(),
        };
        let id = "a".to_owned();
        let libros = Libros::from([(id.clone(), libro)]);
        Auditoria::new(&libros, &BTreeMap::from([(id, visto)]))
    }

    #[test]
    fn what_agrees_is_well() {
        let limpia = Libro {
            limpio: true,
            ..libro("Finalizada")
        };
        let undone_too_late = Libro {
            limpio: true,
            imagen_revertida: true,
            ..libro("Fallida")
        };
        for libro in [limpia, libro("Alertada"), fallida(), undone_too_late] {
            let estado = libro.estado;
            let told = auditar(libro, estado, estado);
            assert!(told.is_well(), "{told:?}");
        }
    }

    #[test]
    fn whatever_is_undone_after_its_clean_up_keeps_its_other_copy() {
        let lost = Libro {
            limpio: true,
            saga: Some(Saga {
                terminada: true,
                revertidos: Vec::new(),
            }),
            ..fallida()
        };
        let told = auditar(lost, "Fallida", "Fallida");
        let [falta] = told.discrepancias() else {
            panic!("one: {told:?}");
        };
        assert!(falta.contains("both of its copies"), "{falta}");
    }

    #[test]
    fn each_disagreement_is_told_with_its_ingesta() {
        let wrong = [
            (fallida(), "Finalizada", "Fallida", "the view"),
            (fallida(), "Fallida", "Eliminada", "the topic"),
            (
                Libro {
                    finales: 2,
                    ..fallida()
                },
                "Fallida",
                "Fallida",
                "exactly one end",
            ),
            (
                Libro {
                    imagen_revertida: false,
                    ..fallida()
                },
                "Fallida",
                "Fallida",
                "its image",
            ),
            (
                Libro {
                    deshechos: vec![Hecho::Etiquetado],
                    ..fallida()
                },
                "Fallida",
                "Fallida",
                "stands",
            ),
            (
                Libro {
                    saga: Some(Saga {
                        terminada: true,
                        revertidos: vec![Hecho::Anonimizado, Hecho::Etiquetado],
                    }),
                    ..fallida()
                },
                "Fallida",
                "Fallida",
                "the latest first",
            ),
            (libro("Finalizada"), "Finalizada", "Finalizada", "missing"),
            (
                Libro {
                    saga: None,
                    ..libro("Alertada")
                },
                "Alertada",
                "Alertada",
                "no saga",
            ),
        ];
        for (libro, vista, topico, words) in wrong {
            let told = auditar(libro, vista, topico);
            let [falta] = told.discrepancias() else {
                panic!("{words}: {told:?}");
            };
            assert!(falta.starts_with("a: ") && falta.contains(words), "{falta}");
        }
        let nobody = Libros::from([("b".to_owned(), fallida())]);
        assert!(!Auditoria::new(&nobody, &BTreeMap::new()).is_well());
    }
}
