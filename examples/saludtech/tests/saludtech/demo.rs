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
        let fallos = "anonimizar.rechazar=0.1,anonimizar.callar=0.1,anonimizar.perder=0.1,\
                      etiquetar.rechazar=0.2,etiquetar.repetir=0.3,etiquetar.caer=0.05,\
                      etiquetar.demorar=0.1,limpiar.rechazar=0.4,limpiar.caer=0.05,\
                      revertir.callar=0.2,revertir.repetir=0.3,revertir.perder=0.2";
        let run = ["--ingestas", "40", "--plazo", "900", "--muertes", "5"];
        demo(&[&run[..], &["--fallos", fallos]].concat())
    });
    let told = told.await.expect("no panic");
    let count = |name: &str| told[name].as_u64().expect("a number");
    assert_eq!(count("total"), 40, "{told}");
    assert_eq!(
        (count("sin_terminar"), count("eliminada_y_fallida")),
        (0, 0),
        "{told}"
    );
    let ends = [
        "finalizada",
        "fallida",
        "rechazada",
        "eliminada",
        "alertada",
    ];
    assert_eq!(ends.map(count).iter().sum::<u64>(), 40, "{told}");
    // What is declared wrongly is refused; what has no modality cannot be labelled.
    assert_eq!(count("rechazada"), 4, "{told}");
    assert!(count("fallida") >= 4, "{told}");
    assert!(count("finalizada") >= 1, "{told}");
    assert!(count("muertes") >= 1, "{told}");
    // Log, view and topic say the same of as many, and the neighbours' books have nothing standing
    // but of those that ended well or wait.
    let audit = &told["auditoria"];
    assert_eq!(audit["discrepancias"], serde_json::json!([]), "{told}");
    assert_eq!(audit["log"], audit["vista"], "{told}");
    assert_eq!(audit["log"], audit["topico"], "{told}");
    let standing = &audit["vecinos"]["anonimizado+etiquetado+limpio"];
    assert_eq!(standing, &told["finalizada"], "{told}");
}
