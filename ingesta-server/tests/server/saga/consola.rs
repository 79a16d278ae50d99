//! `ingesta sagas`: looking at sagas, and helping those that are stuck.

use ingesta_server::mensajes::Esquema;
use serde_json::Value;

use super::vecinos::{Dice, PACIENTE, Pedido, Vecinos, app, ingesta, ingesta_en, saga_en};
use crate::cli::support::{Ended, ingesta as binary, open_folder, run};
use crate::kafka::stage::Stage;
use crate::test_app::TestApp;

/// Refuses every first wish to clean up, and labels nothing in the case `mudo`.
fn dificil(caso: &str, pedido: &Pedido) -> Vec<Dice> {
    let first = pedido.ce_id.ends_with("/1");
    match (caso, pedido.esquema, first) {
        ("mudo", Esquema::ComandoIniciarEtiquetado, _) => Vec::new(),
        (_, Esquema::ComandoLimpiarIngesta, true) => vec![Dice::Rechazado("retenida")],
        _ => vec![Dice::Hecho],
    }
}

#[track_caller]
fn sagas(app: &TestApp, arguments: &[&str]) -> Ended {
    let folder = open_folder();
    let all: Vec<&str> = ["sagas"].iter().chain(arguments).copied().collect();
    let mut command = binary(folder.path(), &all);
    run(command.env("DATABASE_URL", app.owned.url()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_where_each_saga_is_has_it_tried_again_or_gives_it_up() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = app(&stage, PACIENTE).await;
    let vecinos = Vecinos::start(&stage, dificil);
    let (mudo, alertada) = (ingesta(&app, "mudo").await, ingesta(&app, "b").await);
    saga_en(&app, &mudo, "Etiquetando").await;
    saga_en(&app, &alertada, "Alertada").await;
    app.drain().await;

    let listed = sagas(&app, &["list", "--json"]).expect(0).json();
    assert_eq!(listed.len(), 2, "{listed:?}");
    let of = |id: &str| listed.iter().find(|line| line["id_ingesta"] == id);
    let waits = of(&mudo).expect("it is open");
    assert_eq!(waits["espera"]["de"], "IniciarEtiquetado");
    assert!(waits["espera"]["vence"].is_string() && waits["desde"].is_string());
    let only = sagas(&app, &["list", "--state", "Alertada"]).expect(0);
    assert!(only.stdout.contains(&alertada) && !only.stdout.contains(&mudo));
    assert!(
        sagas(&app, &["list", "--stuck", "--json"])
            .expect(0)
            .json()
            .is_empty()
    );
    sagas(&app, &["list", "--state", "Perdida"]).expect(2);

    // Again, and now it goes well: the second wish is another one.
    let again = sagas(&app, &["retry", &alertada, "--json"])
        .expect(0)
        .json();
    assert_eq!(again[0]["retried"], alertada);
    saga_en(&app, &alertada, "Finalizada").await;
    ingesta_en(&app, &alertada, "Finalizada").await;
    let refused = sagas(&app, &["retry", &alertada]).expect(1);
    assert!(refused.stderr.contains("Finalizada"), "{}", refused.stderr);

    give_up(&app, &mudo).await;
    let shown = sagas(&app, &["show", &mudo]).expect(0).stdout;
    assert!(shown.contains("SagaAbandonada"), "{shown}");
    assert!(!shown.contains("secreto"), "{shown}");
    let nobody = "0198c0de-0000-7000-8000-000000000001";
    sagas(&app, &["show", nobody]).expect(1);
    sagas(&app, &["abandon", nobody, "--reason", "x", "--yes"]).expect(1);
    sagas(&app, &["show", "nadie"]).expect(2);
    vecinos.stop().await;
    app.app.stop().await;
}

async fn give_up(app: &TestApp, id: &str) {
    let reason = ["--reason", "secreto: no hay quien etiquete"];
    sagas(app, &["abandon", id, reason[0], reason[1]]).expect(2);
    sagas(app, &["abandon", id, reason[0], " ", "--yes"]).expect(1);
    sagas(app, &["abandon", id, reason[0], reason[1], "--yes"]).expect(0);
    let saga = saga_en(app, id, "Abandonada").await;
    assert!(!saga.to_string().contains("secreto"), "{saga}");
    ingesta_en(app, id, "Fallida").await;
    let left = "select payload -> 'SagaAbandonada' ->> 'sin_revertir' from events
                 where event_type = 'SagaAbandonada'";
    let left: String = sqlx::query_scalar(left)
        .fetch_one(app.database.pool())
        .await
        .expect("it is written down");
    let left: Value = serde_json::from_str(&left).expect("JSON");
    assert_eq!(left, serde_json::json!(["Etiquetado", "Anonimizado"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_what_sagas_would_do_and_changes_nothing() {
    let app = TestApp::start().await;
    let (one, gone) = (app.ingesta().await, app.ingesta().await);
    app.ordenar(&gone, "eliminar").await.ok(202);
    app.drain().await;
    let before = app.count("select count(*) from events").await;
    let told = sagas(&app, &["dry-run", "--json"]).expect(0);
    let line = told
        .json()
        .into_iter()
        .find(|line| line["id_ingesta"] == *one);
    let line = line.expect("its saga");
    assert_eq!(line["estado"], "Finalizada");
    let acts = [
        "IniciarProceso",
        "IniciarAnonimizado",
        "IniciarEtiquetado",
        "LimpiarIngesta",
        "FinalizarIngesta",
    ];
    assert_eq!(line["acts"], serde_json::json!(acts));
    let summary = told.event("dry_run");
    assert_eq!(summary["sagas"], 2, "{summary}");

    let silent = sagas(&app, &["dry-run", "--neighbours", "silent", "--json"]).expect(0);
    let line = silent
        .json()
        .into_iter()
        .find(|line| line["id_ingesta"] == *one);
    let line = line.expect("its saga");
    // What may have been done is asked for until somebody answers.
    assert_eq!(line["estado"], "Compensando");
    assert_eq!(app.count("select count(*) from events").await, before);
    app.app.stop().await;
}
