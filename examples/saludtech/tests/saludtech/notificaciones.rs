//! Notifications: one e-mail for each event, and the truth about those whose outcome is not known.

use std::collections::BTreeSet;

use ingesta_kafka::dead_letters::{DeadLetters, Which};
use ingesta_testing::eventually;
use ingesta_testing::services::OwnedDatabase;
use saludtech::mensajes::Topico;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::proceso::{Proceso, Vecino, saludtech};
use crate::smtp::{Buzon, Trato};
use crate::stage::Stage;

const FALLO: Topico = Topico::FalloIngesta;
const ALERTA: Topico = Topico::AlertaIngesta;

async fn fallo(stage: &Stage, id: Uuid) {
    let datos = json!({
        "id_ingesta": id.to_string(),
        "id_proveedor": "7c765929-ba20-5eb7-b700-4b795e6520e1",
        "id_paciente": "8210e5ca-bdf4-5f3e-9276-59c397648c20",
        "url_path": "https://imagenes.example.org/a.dcm",
        "estado": "Fallida",
    });
    let name = format!("Ingesta/{id}/4");
    stage.escribir(FALLO, id, &name, &datos).await;
}

/// Every notification as the command line shows it.
fn list(database: &OwnedDatabase, more: &[&str]) -> Vec<Value> {
    let arguments = [
        "notificaciones",
        "--database-url",
        database.url(),
        "list",
        "--json",
    ];
    let mut command = saludtech(&arguments);
    let ended = command.args(more).output().expect("run the list");
    let text = String::from_utf8(ended.stdout).expect("text");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{text}{said}");
    let lines = text.lines();
    let lines = lines.map(|line| serde_json::from_str(line).expect("JSON"));
    lines
        .filter(|line: &Value| line["event"] == "notificacion")
        .map(|line| line["notificacion"].clone())
        .collect()
}

/// Waits until the list has as many notifications in this state.
async fn listed(database: &OwnedDatabase, estado: &str, count: usize) -> Vec<Value> {
    eventually("the list", async || {
        let rows = list(database, &["--estado", estado]);
        (rows.len() >= count).then_some(rows)
    })
    .await
}

fn header<'m>(mail: &'m str, name: &str) -> &'m str {
    let line = mail.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_default().trim_start_matches(": ")
}

#[tokio::test]
async fn b_54_an_event_that_comes_twice_is_one_mail_that_names_nobody() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let database = OwnedDatabase::create("notificaciones").await.expect("one");
    let buzon = Buzon::new(&[]).await;
    let smtp = ["--via", "smtp", "--smtp", &buzon.address()].map(str::to_owned);
    let smtp: Vec<&str> = smtp.iter().map(String::as_str).collect();
    let mut vecino = Proceso::start(&stage, Vecino::Notificaciones, database.url(), &smtp);
    let id = Uuid::now_v7();
    for _ in 0..3 {
        fallo(&stage, id).await;
    }
    let datos = json!({"id_ingesta": id.to_string(), "estado": "Alertada"});
    stage.escribir(ALERTA, id, "alerta-1", &datos).await;
    let rows = listed(&database, "enviada", 2).await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    // A later event of the same key: whatever came before it is done.
    let last = Uuid::now_v7();
    let datos = json!({"id_ingesta": last.to_string(), "estado": "Fallida"});
    stage.escribir(FALLO, id, "fallo-9", &datos).await;
    listed(&database, "enviada", 3).await;
    let mails = buzon.mails();
    assert_eq!(mails.len(), 3, "{mails:?}");
    for mail in &mails {
        let named = header(mail, "Message-ID");
        assert!(named.ends_with("@notificaciones.saludtech>"), "{mail}");
        for secret in ["8210e5ca", "imagenes.example.org"] {
            assert!(!mail.contains(secret), "{mail}");
        }
    }
    let to = |address: &str| mails.iter().filter(|mail| mail.contains(address)).count();
    assert_eq!(to("To: fallos@saludtech.example.org"), 2);
    assert_eq!(to("To: alertas@saludtech.example.org"), 1);
    assert!(
        mails
            .iter()
            .any(|mail| mail.contains(&format!("/ingesta/consulta-por-id/{id}")))
    );
    vecino.terminate();
    assert!(vecino.ended().await, "{}", vecino.said());
}

#[tokio::test]
async fn b_54_what_was_not_taken_is_tried_again_then_put_aside_and_can_be_replayed() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let database = OwnedDatabase::create("notificaciones").await.expect("one");
    let later = [Trato::Aplazar; 5];
    let script = [&later[..2], &[Trato::Tomar, Trato::Rechazar], &later[..3]].concat();
    let buzon = Buzon::new(&script).await;
    let address = buzon.address();
    let smtp = ["--via", "smtp", "--smtp", &address, "--intentos", "3"];
    let _vecino = Proceso::start(&stage, Vecino::Notificaciones, database.url(), &smtp);
    let (patient, refused, unlucky) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    fallo(&stage, patient).await;
    let rows = listed(&database, "enviada", 1).await;
    assert_eq!(rows[0]["intentos"], 3);
    fallo(&stage, refused).await;
    let rows = listed(&database, "fallida", 1).await;
    assert_eq!(
        (&rows[0]["intentos"], &rows[0]["codigo"]),
        (&json!(1), &json!("smtp_550"))
    );
    fallo(&stage, unlucky).await;
    listed(&database, "fallida", 2).await;
    assert_eq!(stage.codigos(FALLO, 2).await, ["smtp_451", "smtp_550"]);
    assert_eq!(buzon.mails().len(), 1);

    // Somebody has mended the cause.
    let letters = DeadLetters::new(&stage.kafka).expect("options that work");
    let all = Which::Topic(stage.topicos.de(FALLO));
    assert_eq!(letters.replay(&all).await.expect("the broker answers"), 2);
    let rows = listed(&database, "enviada", 3).await;
    assert_eq!((rows.len(), buzon.mails().len()), (3, 3));
}

#[tokio::test]
async fn b_54_a_send_whose_outcome_was_hidden_is_shown_and_not_repeated() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let database = OwnedDatabase::create("notificaciones").await.expect("one");
    let buzon = Buzon::new(&[Trato::Cortar]).await;
    let address = buzon.address();
    let smtp = ["--via", "smtp", "--smtp", &address];
    let vecino = Proceso::start(&stage, Vecino::Notificaciones, database.url(), &smtp);
    // The connection breaks behind the e-mail.
    fallo(&stage, Uuid::now_v7()).await;
    let rows = listed(&database, "desconocida", 1).await;
    assert_eq!(rows[0]["codigo"], "smtp_interrumpido");
    vecino.kill();

    // The process dies behind the e-mail, before the outcome is noted and the message is done.
    let dying = [&smtp[..], &["--fallos", "notificar.caer=1"]].concat();
    let mut vecino = Proceso::start(&stage, Vecino::Notificaciones, database.url(), &dying);
    fallo(&stage, Uuid::now_v7()).await;
    assert!(!vecino.ended().await, "it died");
    assert_eq!(buzon.mails().len(), 2);
    assert_eq!(list(&database, &["--estado", "enviando"]).len(), 1);
    let _vecino = Proceso::start(&stage, Vecino::Notificaciones, database.url(), &smtp);
    let rows = listed(&database, "desconocida", 2).await;
    assert!(
        rows.iter().any(|row| row["codigo"] == "interrumpido"),
        "{rows:?}"
    );
    // It is not in the way of the next one, and was not repeated.
    fallo(&stage, Uuid::now_v7()).await;
    listed(&database, "enviada", 1).await;
    assert_eq!(buzon.mails().len(), 3);

    // Somebody has looked, and has both sent again: under the Message-IDs of the first time.
    assert_eq!(stage.codigos(FALLO, 2).await, ["envio_desconocido"; 2]);
    let letters = DeadLetters::new(&stage.kafka).expect("options that work");
    let all = Which::Topic(stage.topicos.de(FALLO));
    assert_eq!(letters.replay(&all).await.expect("the broker answers"), 2);
    listed(&database, "enviada", 3).await;
    let mails = buzon.mails();
    let ids: BTreeSet<_> = mails
        .iter()
        .map(|mail| header(mail, "Message-ID"))
        .collect();
    assert_eq!((mails.len(), ids.len()), (5, 3), "{ids:?}");
}

#[tokio::test]
async fn b_54_with_a_sender_that_knows_repetitions_it_is_repeated() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let database = OwnedDatabase::create("notificaciones").await.expect("one");
    let dying = ["--fallos", "notificar.caer=1"];
    let mut vecino = Proceso::start(&stage, Vecino::Notificaciones, database.url(), &dying);
    fallo(&stage, Uuid::now_v7()).await;
    assert!(!vecino.ended().await, "it died");
    let _vecino = Proceso::start(&stage, Vecino::Notificaciones, database.url(), &[]);
    let rows = listed(&database, "enviada", 1).await;
    assert_eq!(rows[0]["intentos"], 2);
    let folder = stage.folder.path().join("notificaciones/correos");
    let files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    assert!(files.len() == 1 && files[0].ends_with(".eml"), "{files:?}");
}

#[tokio::test]
async fn b_54_two_instances_share_the_work_and_one_that_dies_is_replaced() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let database = OwnedDatabase::create("notificaciones").await.expect("one");
    let buzon = Buzon::new(&[]).await;
    let address = buzon.address();
    let smtp = ["--via", "smtp", "--smtp", &address];
    let one = Proceso::start(&stage, Vecino::Notificaciones, database.url(), &smtp);
    let other = Proceso::start(&stage, Vecino::Notificaciones, database.url(), &smtp);
    one.follows().await;
    other.follows().await;
    for _ in 0..20 {
        fallo(&stage, Uuid::now_v7()).await;
    }
    listed(&database, "enviada", 20).await;
    one.kill();
    for _ in 0..10 {
        fallo(&stage, Uuid::now_v7()).await;
    }
    // Of a send that is cut off when partitions change hands nobody knows; that is said, not hidden.
    let (sent, unknown) = eventually("the end of all", async || {
        let rows = list(&database, &[]);
        let count = |estado: &str| rows.iter().filter(|row| row["estado"] == estado).count();
        let (sent, unknown) = (count("enviada"), count("desconocida"));
        (sent + unknown == 30).then_some((sent, unknown))
    })
    .await;
    let mails = buzon.mails();
    let mut ids: Vec<&str> = mails
        .iter()
        .map(|mail| header(mail, "Message-ID"))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), mails.len(), "no e-mail twice");
    assert!(
        (sent..=sent + unknown).contains(&mails.len()),
        "{sent} {unknown}"
    );
    assert!(sent > 20, "the one that is left goes on");
    drop(other);
}
