//! Reads as of a version or an instant: what was answered then, and refusals of what nobody knows.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use ingesta_event_store::{EventStorage, StreamId};
use reqwest::Method;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::test_app::{Answer, TestApp};

const ESTADOS: [&str; 3] = ["Creada", "Pendiente", "Alertada"];

/// An ingesta with three events, and when they were stored.
async fn vivida(app: &TestApp) -> (String, Vec<DateTime<Utc>>) {
    let id = app.ingesta().await;
    app.ordenar(&id, "iniciar").await.ok(202);
    let motivo = json!({"motivo": "mirar"});
    let flagged = app.post(&format!("/ingesta/{id}/alertar"), &motivo).await;
    flagged.ok(202);
    let stream = StreamId::new("Ingesta", id.clone());
    let events = app.storage.load(&stream, 0).await.expect("the log answers");
    let times = events.iter().filter_map(|event| event.recorded_at);
    (id, times.collect())
}

/// Asks with these parameters, encoded as an address has them.
async fn entonces(app: &TestApp, path: &str, query: &[(&str, &str)]) -> Answer {
    app.send(app.request(Method::GET, path).query(query)).await
}

fn utc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[tokio::test]
async fn every_version_and_every_instant_is_answered_as_it_was() {
    let app = TestApp::start().await;
    let (id, times) = vivida(&app).await;
    let path = format!("/ingesta/consulta-por-id/{id}");
    let mut versions = Vec::new();
    for (version, estado) in (1..).zip(ESTADOS) {
        let read = entonces(&app, &path, &[("version", &version.to_string())]).await;
        assert_eq!(read.ok(200).text_of("estado"), estado);
        assert_eq!(read.json()["version"], version);
        assert_eq!(read.header("etag"), format!("\"{version}\""));
        assert_eq!(read.header("cache-control"), "private, no-cache");
        versions.push(read.text);
    }
    let now = app.leer(&id).await;
    assert_eq!(now.ok(200).text, versions[2]);
    for (at, then) in times.iter().zip(&versions) {
        let west = at.with_timezone(&FixedOffset::west_opt(5 * 3_600).expect("an offset"));
        let east = at.with_timezone(&FixedOffset::east_opt(19_800).expect("an offset"));
        for instant in [utc(*at), west.to_rfc3339(), east.to_rfc3339()] {
            let read = entonces(&app, &path, &[("instante", &instant)]).await;
            assert_eq!(&read.ok(200).text, then, "{instant}");
            // A plus sign that was not encoded is a blank when it arrives.
            let raw = app.get(&format!("{path}?instante={instant}")).await;
            assert_eq!(&raw.ok(200).text, then, "{instant}");
        }
    }
    let between = times[1] - Duration::from_micros(1);
    let read = entonces(&app, &path, &[("instante", &utc(between))]).await;
    assert_eq!(read.ok(200).text, versions[0]);
    let at_hand = app.request(Method::GET, &path).query(&[("version", "2")]);
    let same = app.send(at_hand.header("if-none-match", "\"2\"")).await;
    assert_eq!(
        (same.ok(304).text.as_str(), same.header("etag")),
        ("", "\"2\"")
    );
}

#[tokio::test]
async fn the_image_has_a_past_of_its_own() {
    let app = TestApp::start().await;
    let (id, times) = vivida(&app).await;
    let path = format!("/ingesta/{id}/imagen");
    let verified = app.get(&path).await;
    assert_eq!(verified.ok(200).text_of("estado"), "verificada");
    let motivo = json!({"motivo": "error de carga"});
    let reverted = app.post(&format!("/ingesta/{id}/revertir"), &motivo).await;
    reverted.ok(202);
    app.drain().await;
    assert_eq!(app.get(&path).await.ok(200).text_of("estado"), "revertida");

    let stream = StreamId::new("Imagen", verified.text_of("id_imagen"));
    let events = app.storage.load(&stream, 0).await.expect("the log answers");
    let judged = utc(events[0].recorded_at.expect("a time"));
    for query in [("version", "1"), ("instante", judged.as_str())] {
        let read = entonces(&app, &path, &[query]).await;
        assert_eq!(read.ok(200).text, verified.text, "{query:?}");
        assert_eq!(read.header("etag"), "\"1\"");
    }
    let created = utc(times[0]);
    for query in [("version", "0"), ("instante", created.as_str())] {
        let read = entonces(&app, &path, &[query]).await;
        read.refused(404, "aun_no_existia");
    }
    let read = entonces(&app, &path, &[("version", "3")]).await;
    let refused = read.refused(404, "version_desconocida");
    assert_eq!(refused.json()["version"], 2);
}

#[tokio::test]
async fn what_was_not_there_is_told_from_what_is_unknown() {
    let app = TestApp::start().await;
    let (id, times) = vivida(&app).await;
    let path = format!("/ingesta/consulta-por-id/{id}");
    let before = utc(times[0] - Duration::from_micros(1));
    for query in [("version", "0"), ("instante", before.as_str())] {
        let read = entonces(&app, &path, &[query]).await;
        read.refused(404, "aun_no_existia");
    }
    for version in ["4", "18446744073709551615"] {
        let read = entonces(&app, &path, &[("version", version)]).await;
        let refused = read.refused(404, "version_desconocida");
        assert_eq!(refused.json()["version"], 3);
    }
    let nobody = Uuid::now_v7();
    for path in [
        format!("/ingesta/consulta-por-id/{nobody}"),
        format!("/ingesta/{nobody}/imagen"),
    ] {
        for query in [
            ("version", "0"),
            ("version", "1"),
            ("instante", before.as_str()),
        ] {
            let read = entonces(&app, &path, &[query]).await;
            read.refused(404, "ingesta_no_existe");
        }
    }
}

#[tokio::test]
async fn a_moment_that_means_nothing_is_refused_by_name() {
    let app = TestApp::start().await;
    let (id, times) = vivida(&app).await;
    let future = utc(times[2] + Duration::from_secs(3_600));
    for path in [
        format!("/ingesta/consulta-por-id/{id}"),
        format!("/ingesta/{id}/imagen"),
    ] {
        for (parameter, value, code) in [
            ("instante", future.as_str(), "instante_futuro"),
            ("instante", "ayer", "instante_malformado"),
            ("instante", "", "instante_malformado"),
            ("instante", "2026-01-31", "instante_malformado"),
            ("instante", "2026-01-31T08:30:00", "instante_malformado"),
            ("instante", "2026-02-30T08:30:00Z", "instante_malformado"),
            ("instante", "ñandúes", "instante_malformado"),
            ("version", "-1", "parametros_invalidos"),
            ("version", "dos", "parametros_invalidos"),
            ("version", "18446744073709551616", "parametros_invalidos"),
        ] {
            let read = entonces(&app, &path, &[(parameter, value)]).await;
            assert_eq!(
                read.refused(400, code).json()["campo"],
                parameter,
                "{value}"
            );
        }
        let at = utc(times[0]);
        for two in [
            [("version", "1"), ("instante", at.as_str())],
            [("version", "1"), ("desde", "1-1")],
            [("desde", "1-1"), ("instante", at.as_str())],
        ] {
            let read = entonces(&app, &path, &two).await;
            read.refused(400, "momento_ambiguo");
        }
    }
}

#[tokio::test]
async fn a_parameter_that_is_spelled_otherwise_is_not_answered_with_today() {
    let app = TestApp::start().await;
    let (id, _) = vivida(&app).await;
    let known = json!(["desde", "version", "instante"]);
    for (path, name, known) in [
        (format!("/ingesta/consulta-por-id/{id}"), "Version", &known),
        (format!("/ingesta/{id}/imagen"), "instant", &known),
        (
            "/ingesta/todas".to_owned(),
            "limit",
            &json!(["limite", "cursor", "estado", "orden", "desde"]),
        ),
    ] {
        let read = entonces(&app, &path, &[(name, "1")]).await;
        let refused = read.refused(400, "parametro_desconocido").json();
        assert_eq!(
            (&refused["campo"], &refused["admitidos"]),
            (&json!(name), known)
        );
    }
    // Commands have none: what was meant as a condition would be passed over.
    let revert = format!("/ingesta/{id}/revertir?version=1");
    let motivo = json!({"motivo": "mirar"});
    for (path, body) in [
        (revert.as_str(), motivo),
        (
            "/ingesta/crear-ingesta-comando?dry_run=1",
            crate::test_app::cuerpo(),
        ),
    ] {
        let refused = app.post(path, &body).await;
        assert_eq!(
            refused.refused(400, "parametro_desconocido").json()["admitidos"],
            json!([])
        );
    }
    assert_eq!(app.leer(&id).await.ok(200).json()["version"], 3);
    // Probes and scrapers bring their own.
    for path in [
        "/ingesta/health",
        "/livez",
        "/readyz",
        "/metrics",
        "/ingesta/spec",
    ] {
        let plain = app.get(&format!("{path}?t=1")).await;
        assert_ne!(plain.status, 400, "{path}");
    }
}

#[tokio::test]
async fn times_that_the_log_does_not_know_are_not_made_up() {
    let app = TestApp::start().await;
    let (id, times) = vivida(&app).await;
    // As the events of an adopted table are: in their order, without times.
    sqlx::raw_sql(
        "update events set recorded_at = null where sequence < 3;
         update ingesta_migrations set applied_at = clock_timestamp() where version = 1",
    )
    .execute(app.database.pool())
    .await
    .expect("the times are gone");
    let path = format!("/ingesta/consulta-por-id/{id}");
    let read = entonces(&app, &path, &[("instante", &utc(times[0]))]).await;
    let known_from = read.refused(409, "tiempo_desconocido").text_of("instante");
    let read = entonces(&app, &path, &[("instante", &known_from)]).await;
    assert_eq!(read.ok(200).json()["version"], 3);
    let read = entonces(&app, &path, &[("version", "1")]).await;
    assert_eq!(read.ok(200).text_of("estado"), "Creada");
}

#[tokio::test]
async fn an_instant_that_may_still_gain_an_event_is_not_answered_yet() {
    let options = ingesta_server::AppOptions {
        read_wait: Duration::from_millis(50),
        ..crate::test_app::options()
    };
    let app = TestApp::start_with(options).await;
    let (id, times) = vivida(&app).await;
    let mut writer = PgConnection::connect(app.owned.url())
        .await
        .expect("connect");
    sqlx::raw_sql("begin; select pg_current_xact_id()")
        .execute(&mut writer)
        .await
        .expect("a transaction that has written");
    let path = format!("/ingesta/consulta-por-id/{id}");
    let late = entonces(&app, &path, &[("instante", &utc(times[2]))]).await;
    let refused = late.refused(503, "momento_no_asentado");
    assert_eq!(refused.header("retry-after"), "1");
    // A version is what it is.
    let read = entonces(&app, &path, &[("version", "3")]).await;
    assert_eq!(read.ok(200).text_of("estado"), "Alertada");
    sqlx::raw_sql("rollback")
        .execute(&mut writer)
        .await
        .expect("rolled back");
    ingesta_testing::eventually("the instant to be settled", async || {
        let read = entonces(&app, &path, &[("instante", &utc(times[2]))]).await;
        (read.status == 200).then_some(())
    })
    .await;
}
