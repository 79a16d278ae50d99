//! The whole landscape: the server, its neighbours, failures on purpose.

use serde_json::Value;

use crate::proceso::saludtech;

/// What a demo says last.
fn demo(arguments: &[&str]) -> Value {
    let mut command = saludtech(&["demo", "--json"]);
    for name in ["DATABASE_URL", "KAFKA_BROKERS"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    let ended = command.args(arguments).output().expect("run the demo");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    let log = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}{log}");
    let last = said.lines().last().expect("it says something");
    serde_json::from_str(last).expect("JSON")
}

#[tokio::test]
async fn every_image_comes_to_exactly_one_end_whatever_its_neighbours_do() {
    let skipped = ingesta_testing::services::kafka_or_skip().await;
    if skipped.expect("a broker for the test").is_none() {
        return;
    }
    let told = tokio::task::spawn_blocking(|| {
        let fallos = "anonimizar.rechazar=0.1,anonimizar.callar=0.1,etiquetar.rechazar=0.2,\
                      etiquetar.repetir=0.3,etiquetar.caer=0.05,limpiar.rechazar=0.3,\
                      revertir.callar=0.2,revertir.repetir=0.3";
        demo(&["--ingestas", "24", "--plazo", "900", "--fallos", fallos])
    });
    let told = told.await.expect("no panic");
    let count = |name: &str| told[name].as_u64().expect("a number");
    assert_eq!(count("total"), 24, "{told}");
    assert_eq!(
        (count("sin_terminar"), count("eliminada_y_fallida")),
        (0, 0),
        "{told}"
    );
    let ends = ["finalizada", "fallida", "rechazada", "eliminada"].map(count);
    assert_eq!(ends.iter().sum::<u64>(), 24, "{told}");
    // What is declared wrongly is refused; what has no modality cannot be labelled.
    assert_eq!(count("rechazada"), 2, "{told}");
    assert!(count("fallida") >= 3, "{told}");
    assert!(count("finalizada") >= 1, "{told}");
}
