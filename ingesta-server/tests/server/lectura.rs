//! The reads: by id, all in pages, and the image; right after a command and long after.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::test_app::{TestApp, cuerpo};

#[tokio::test]
async fn a_read_right_after_the_command_finds_it_every_time() {
    let app = TestApp::start().await;
    for _ in 0..25 {
        let id = app.ingesta().await;
        let read = app.leer(&id).await;
        assert_eq!(read.ok(200).text_of("id_ingesta"), id);
        assert_eq!(app.get(&format!("/ingesta/{id}/imagen")).await.status, 200);
    }
}

#[tokio::test]
async fn the_fold_of_the_log_and_the_view_answer_the_same() {
    let app = TestApp::start().await;
    let id = app.ingesta().await;
    app.ordenar(&id, "iniciar").await.ok(202);
    let flagged = app
        .post(
            &format!("/ingesta/{id}/alertar"),
            &json!({"motivo": "mirar"}),
        )
        .await;
    flagged.ok(202);
    app.drain().await;
    let viewed = app.leer(&id).await;
    sqlx::query("delete from vista_ingestas")
        .execute(app.database.pool())
        .await
        .expect("emptied");
    let folded = app.leer(&id).await;
    assert_eq!(viewed.ok(200).text, folded.ok(200).text);
    assert_eq!(viewed.header("etag"), folded.header("etag"));
    assert_eq!(viewed.json()["version"], 3);
}

#[tokio::test]
async fn b_23_unknown_is_404_and_malformed_is_400_as_json() {
    let app = TestApp::start().await;
    let unknown = Uuid::now_v7();
    for path in [
        format!("/ingesta/consulta-por-id/{unknown}"),
        format!("/ingesta/{unknown}/imagen"),
    ] {
        app.get(&path).await.refused(404, "ingesta_no_existe");
    }
    for path in [
        "/ingesta/consulta-por-id/42",
        "/ingesta/consulta-por-id/%00",
        "/ingesta/x/imagen",
    ] {
        app.get(path).await.refused(400, "id_malformado");
    }
    app.ordenar("42", "eliminar")
        .await
        .refused(400, "id_malformado");
    app.ordenar(&unknown.to_string(), "eliminar")
        .await
        .refused(404, "ingesta_no_existe");
}

#[tokio::test]
async fn the_version_at_hand_is_not_sent_again() {
    let app = TestApp::start().await;
    let id = app.ingesta().await;
    let path = format!("/ingesta/consulta-por-id/{id}");
    let at_hand =
        |tag: &'static str| app.send(app.request(Method::GET, &path).header("if-none-match", tag));
    let same = at_hand("\"1\"").await;
    assert_eq!(
        (same.ok(304).header("etag"), same.text.as_str()),
        ("\"1\"", "")
    );
    at_hand("\"9\"").await.ok(200);
    let done = app.ordenar(&id, "iniciar").await;
    let since = format!("{path}?desde={}", done.ok(202).text_of("posicion"));
    let changed = app
        .send(
            app.request(Method::GET, &since)
                .header("if-none-match", "\"1\""),
        )
        .await;
    assert_eq!(changed.ok(200).header("etag"), "\"2\"");
}

#[tokio::test]
async fn since_a_position_the_answer_reflects_it_or_says_that_it_cannot() {
    let options = crate::test_app::options();
    let options = ingesta_server::AppOptions {
        read_wait: std::time::Duration::from_millis(50),
        ..options
    };
    let app = TestApp::start_with(options).await;
    let id = app.ingesta().await;
    for command in ["iniciar", "finalizar"] {
        let done = app.ordenar(&id, command).await;
        let (position, state) = (done.ok(202).text_of("posicion"), done.text_of("estado"));
        let read = app
            .get(&format!("/ingesta/consulta-por-id/{id}?desde={position}"))
            .await;
        assert_eq!(read.ok(200).text_of("estado"), state);
    }
    app.drain().await;
    let future = "999999999-1";
    for path in [
        format!("/ingesta/consulta-por-id/{id}?desde={future}"),
        format!("/ingesta/{id}/imagen?desde={future}"),
        format!("/ingesta/todas?desde={future}"),
    ] {
        let late = app.get(&path).await;
        assert_eq!(
            late.refused(503, "vista_atrasada").header("retry-after"),
            "1"
        );
    }
    let bad = app.get("/ingesta/todas?desde=ayer").await;
    assert_eq!(
        bad.refused(400, "posicion_malformada").json()["campo"],
        "desde"
    );
}

#[tokio::test]
async fn b_27_pages_hold_every_ingesta_once_in_the_order_of_arrival() {
    let app = TestApp::start().await;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(app.ingesta().await);
    }
    app.drain().await;
    let (mut path, mut seen, mut pages) = ("/ingesta/todas?limite=3".to_owned(), Vec::new(), 0);
    loop {
        let page = app.get(&path).await;
        pages += 1;
        let rows: Vec<Value> = serde_json::from_str(&page.ok(200).text).expect("an array");
        assert!(rows.len() <= 3, "{}", rows.len());
        seen.extend(
            rows.iter()
                .map(|row| row["id_ingesta"].as_str().expect("id").to_owned()),
        );
        let Some(link) = page.headers.get("link") else {
            break;
        };
        let link = link.to_str().expect("text");
        let next = link
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
        path = next.expect("one next page").to_owned();
        assert!(path.contains("limite=3"), "{path}");
    }
    assert_eq!((pages, seen), (3, made));
    for (query, code, field) in [
        ("limite=0", "limite_fuera_de_rango", "limite"),
        ("limite=501", "limite_fuera_de_rango", "limite"),
        ("limite=muchos", "parametros_invalidos", "limite"),
        ("cursor=abc", "cursor_invalido", "cursor"),
    ] {
        let refused = app.get(&format!("/ingesta/todas?{query}")).await;
        assert_eq!(refused.refused(400, code).json()["campo"], field);
    }
    assert_eq!(
        app.get("/ingesta/todas?limite=500")
            .await
            .ok(200)
            .json()
            .as_array()
            .map(Vec::len),
        Some(7)
    );
}

#[tokio::test]
async fn b_27_a_row_of_older_rules_breaks_neither_the_list_nor_itself() {
    let app = TestApp::start().await;
    let neighbour = app.ingesta().await;
    let old = Uuid::now_v7().to_string();
    let mut fields = cuerpo();
    fields["url_path"] = json!("ftp://archivo.example.org/vieja.dcm");
    fields["fecha_creacion"] = json!("2020-01-01T00:00:00Z");
    app.insert("Ingesta", &old, 1, ("IngestaCreada", fields))
        .await;
    app.drain().await;
    let all = app.get("/ingesta/todas").await;
    let all = all.ok(200).json();
    let ids: Vec<_> = all
        .as_array()
        .expect("an array")
        .iter()
        .map(|row| &row["id_ingesta"])
        .collect();
    assert_eq!(ids, [&json!(neighbour), &json!(old)]);
    let read = app.leer(&old).await;
    assert_eq!(
        read.ok(200).text_of("url_path"),
        "ftp://archivo.example.org/vieja.dcm"
    );
    // Its image is refused for it, and so is the ingesta; the neighbour is not.
    assert_eq!(read.text_of("estado"), "Rechazada");
    assert_eq!(read.json()["motivos"], json!(["url_invalida"]));
    assert_eq!(app.leer(&neighbour).await.text_of("estado"), "Creada");
}
