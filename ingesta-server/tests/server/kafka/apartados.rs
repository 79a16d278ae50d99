//! Commands from topics that fail: put aside with their reason, or kept until they can be done.

use ingesta_server::mensajes::Esquema;
use ingesta_testing::eventually;
use serde_json::json;

use super::llegada::{creadas, estado};
use super::stage::{Stage, sobre};
use crate::test_app::{TestApp, cuerpo};

const CREAR: Esquema = Esquema::ComandoCrearIngesta;
const ELIMINAR: Esquema = Esquema::ComandoEliminarIngesta;

#[tokio::test]
async fn b_04_a_command_that_failed_is_kept_with_its_reason_and_can_come_again() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = stage.app().await;
    stage.topics_ready(&app).await;
    let id = app.ingesta().await;
    app.ordenar(&id, "iniciar").await.ok(202);
    // In process it is not withdrawn; once a person was called, it is.
    stage
        .ordenar(ELIMINAR, "pronto", &json!({"id_ingesta": id}))
        .await;
    assert_eq!(stage.codigos(ELIMINAR, 1).await, ["transicion_invalida"]);
    let motivo = json!({"motivo": "limpieza rechazada"});
    app.post(&format!("/ingesta/{id}/alertar"), &motivo)
        .await
        .ok(202);
    let letters = ingesta_kafka::dead_letters::DeadLetters::new(&stage.kafka).expect("options");
    let which = ingesta_kafka::dead_letters::Which::Topic(stage.topic(ELIMINAR));
    assert_eq!(letters.replay(&which).await.expect("the broker answers"), 1);
    estado(&app, &id, "Eliminada").await;
    assert!(stage.apartados(ELIMINAR).await.is_empty());
    app.app.stop().await;
}

#[tokio::test]
async fn b_04_a_database_that_is_away_loses_no_command() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = stage.app().await;
    stage.topics_ready(&app).await;
    // The server's own table cannot be written for a while.
    let locked = app.database.pool().begin().await;
    let mut locked = locked.expect("a transaction");
    sqlx::query("lock table events in access exclusive mode")
        .execute(&mut *locked)
        .await
        .expect("the lock");
    stage.ordenar(CREAR, "espera", &cuerpo()).await;
    eventually("the command to be under way", async || {
        let metrics = app.get("/metrics").await.text;
        let gauge = "ingesta_inbox_in_flight_messages{topic=\"comando-crear-ingesta\"} 1";
        metrics.contains(gauge).then_some(())
    })
    .await;
    locked.rollback().await.expect("the end of it");
    creadas(&app, 1).await;
    assert!(stage.apartados(CREAR).await.is_empty());
    app.app.stop().await;
}

#[tokio::test]
async fn t_14_poison_is_put_aside_and_its_neighbours_go_on() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = stage.app().await;
    stage.topics_ready(&app).await;
    // One key, so one partition: every poison stands before the good one.
    let secret = "paciente-secreto";
    let good = sobre(CREAR, "bueno", &cuerpo());
    let mut cut = good.clone();
    cut.truncate(good.len() / 2);
    let mut long = good.clone();
    long.push(0);
    let poison: [Option<Vec<u8>>; 6] = [
        None,
        Some(Vec::new()),
        Some(secret.as_bytes().to_vec()),
        Some(cut),
        Some(long),
        Some(vec![b'['; 900_000]),
    ];
    let count = poison.len();
    for value in poison {
        stage.escribir(CREAR, secret, value).await;
    }
    stage.escribir(CREAR, secret, Some(good)).await;
    creadas(&app, 1).await;
    let letters = stage.apartados(CREAR).await;
    assert_eq!(letters.len(), count);
    for letter in &letters {
        assert!(
            !letter.code.is_empty() && !letter.reason.is_empty(),
            "{letter:?}"
        );
        assert!(!format!("{letter:?}").contains(secret), "{letter:?}");
        assert_eq!(letter.group, format!("sta-sub-{}", stage.topic(CREAR)));
    }
    let said = format!("1 handled, {count} put aside");
    let ready = eventually("the count to show", async || {
        let ready = app.get("/readyz").await;
        (ready.status == 200 && ready.text.contains(&said)).then_some(ready)
    })
    .await;
    let metrics = app.get("/metrics").await.text;
    let gauge =
        format!("ingesta_inbox_dead_lettered_messages{{topic=\"comando-crear-ingesta\"}} {count}");
    assert!(metrics.contains(&gauge), "{metrics}");
    assert!(!metrics.contains(secret) && !ready.text.contains(secret));
    app.app.stop().await;
}

#[tokio::test]
async fn b_05_a_message_that_nobody_can_read_ends_no_reader_nor_the_next_one() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let before = stage.app().await;
    stage.topics_ready(&before).await;
    stage
        .escribir(CREAR, "k", Some(b"no es Avro".to_vec()))
        .await;
    let good = |id| Some(sobre(CREAR, id, &cuerpo()));
    stage.escribir(CREAR, "k", good("uno")).await;
    creadas(&before, 1).await;
    let TestApp { app, owned, .. } = before;
    app.stop().await;
    // What ended the reader of the first systems met them again at every start.
    let after = TestApp::over(owned, stage.options()).await;
    stage.escribir(CREAR, "k", good("dos")).await;
    creadas(&after, 2).await;
    assert_eq!(stage.apartados(CREAR).await.len(), 1);
    after.app.stop().await;
}
