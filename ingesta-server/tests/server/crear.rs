//! `POST /ingesta/crear-ingesta-comando`: what is taken, what is refused, and in which words.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::test_app::{TestApp, cuerpo, cuerpo_con, cuerpo_sin};

const PATH: &str = "/ingesta/crear-ingesta-comando";
const URL_VALIDA: &str = "URLValida - La ruta de la imagen debe ser valida";

#[tokio::test]
async fn b_18_the_202_names_the_ingesta_and_where_to_read_it() {
    let app = TestApp::start().await;
    let created = app.crear(&cuerpo()).await;
    created.ok(202);
    let id = created.text_of("id_ingesta");
    assert_eq!(
        created.header("location"),
        format!("/ingesta/consulta-por-id/{id}")
    );
    assert_eq!(created.header("etag"), "\"1\"");
    let body = created.json();
    assert_eq!(
        (&body["version"], &body["estado"]),
        (&json!(1), &json!("Creada"))
    );
    assert!(
        body["posicion"].is_string() && body.get("ya_realizado").is_none(),
        "{body}"
    );
    assert_eq!(Uuid::parse_str(&id).expect("a uuid").get_version_num(), 7);

    let read = app.get(created.header("location")).await;
    assert_eq!(read.ok(200).text_of("id_ingesta"), id);
    app.drain().await;
    let all = app.get("/ingesta/todas").await;
    assert_eq!(all.ok(200).json()[0]["id_ingesta"], id);
}

#[tokio::test]
async fn the_seed_s_own_request_is_taken_with_its_extra_fields() {
    let app = TestApp::start().await;
    let mut body = cuerpo();
    body["estado"] = json!("Finalizada");
    body["otra_cosa"] = json!([1, 2]);
    let id = app.crear(&body).await.ok(202).text_of("id_ingesta");
    let read = app.leer(&id).await.ok(200).json();
    assert_eq!(
        read["estado"], "Creada",
        "the state is not the client's to choose"
    );
    for field in ["id_proveedor", "id_paciente", "url_path"] {
        assert_eq!(read[field], body[field], "{field}");
    }
}

#[tokio::test]
async fn b_24_missing_and_non_uuid_ids_are_refused_with_their_field() {
    let app = TestApp::start().await;
    for field in ["id_proveedor", "id_paciente"] {
        let missing = app.crear(&cuerpo_sin(field)).await;
        assert_eq!(missing.refused(400, "campo_ausente").json()["campo"], field);
        for (value, code) in [
            (json!("None"), "id_invalido"),
            (json!(""), "id_invalido"),
            (json!("42"), "id_invalido"),
            (json!(42), "campo_invalido"),
        ] {
            let refused = app.crear(&cuerpo_con(field, value)).await;
            assert_eq!(refused.refused(400, code).json()["campo"], field);
        }
    }
    assert_eq!(app.count("select count(*) from events").await, 0);
}

#[tokio::test]
async fn b_24_the_url_rule_refuses_with_the_sentence_that_clients_match() {
    let app = TestApp::start().await;
    let refused = [
        "http",
        "ftp://x",
        "",
        "http://",
        "https://user:pw@host/a",
        "no es una url",
    ];
    for url in refused
        .map(|url| json!(url))
        .into_iter()
        .chain([Value::Null])
    {
        let answer = app.crear(&cuerpo_con("url_path", url)).await;
        let problem = answer.refused(400, "url_invalida").json();
        assert_eq!(problem["error"], URL_VALIDA);
        assert_eq!(problem["campo"], "url_path");
    }
    // Not a text: the seed answered 500.
    app.crear(&cuerpo_con("url_path", json!(7)))
        .await
        .refused(400, "campo_invalido");
    assert_eq!(app.count("select count(*) from events").await, 0);
}

#[tokio::test]
async fn a_url_of_a_megabyte_is_refused_and_the_server_goes_on() {
    let app = TestApp::start().await;
    let long = format!("https://imagenes.example.org/{}", "a".repeat(1_048_576));
    let answer = app.crear(&cuerpo_con("url_path", json!(long))).await;
    answer.refused(413, "cuerpo_demasiado_grande");
    // Within the limit of bodies, beyond the limit of addresses.
    let long = format!("https://imagenes.example.org/{}", "a".repeat(5_000));
    let answer = app.crear(&cuerpo_con("url_path", json!(long))).await;
    assert!(
        answer.refused(400, "url_invalida").text.len() < 1_000,
        "it is not repeated"
    );
    app.crear(&cuerpo()).await.ok(202);
}

#[tokio::test]
async fn b_23_what_is_not_a_json_object_is_refused_as_a_problem() {
    let app = TestApp::start().await;
    let json = |text: &'static str| {
        app.request(Method::POST, PATH)
            .header("content-type", "application/json")
            .body(text)
    };
    app.send(json("{\"id_proveedor\": "))
        .await
        .refused(400, "json_malformado");
    app.send(json("")).await.refused(400, "json_malformado");
    app.send(json("[\"a\", \"b\", \"c\"]"))
        .await
        .refused(400, "cuerpo_invalido");
    app.send(json("\"texto\""))
        .await
        .refused(400, "cuerpo_invalido");
    app.send(json("null")).await.refused(400, "cuerpo_invalido");
    let text = app.request(Method::POST, PATH).body(cuerpo().to_string());
    app.send(text)
        .await
        .refused(415, "tipo_de_contenido_no_admitido");
    let form = app
        .request(Method::POST, PATH)
        .form(&[("id_proveedor", "x")]);
    app.send(form)
        .await
        .refused(415, "tipo_de_contenido_no_admitido");
    app.get(PATH).await.refused(405, "metodo_no_permitido");
    app.get("/ingesta").await.refused(404, "ruta_desconocida");
    app.get("/ingesta/consulta-por-id")
        .await
        .refused(404, "ruta_desconocida");
}

#[tokio::test]
async fn empty_facts_are_absent_and_too_long_ones_are_refused() {
    let app = TestApp::start().await;
    let mut body = cuerpo();
    for field in ["sha256", "bytes", "modalidad", "study_instance_uid"] {
        body[field] = json!("");
    }
    let id = app.crear(&body).await.ok(202).text_of("id_ingesta");
    assert_eq!(app.leer(&id).await.json()["hechos"], json!({}));
    let long = app
        .crear(&cuerpo_con("modalidad", json!("M".repeat(257))))
        .await;
    assert_eq!(
        long.refused(400, "hecho_invalido").json()["campo"],
        "modalidad"
    );
    let wrong = app.crear(&cuerpo_con("bytes", json!("muchos"))).await;
    assert_eq!(
        wrong.refused(400, "campo_invalido").json()["campo"],
        "bytes"
    );
}

#[tokio::test]
async fn no_refusal_repeats_what_was_sent() {
    let app = TestApp::start().await;
    let secret = "paciente-secreto";
    for field in ["id_proveedor", "id_paciente", "url_path", "bytes", "sha256"] {
        let value = json!(format!("{secret}{}", "x".repeat(300)));
        let answer = app.crear(&cuerpo_con(field, value)).await;
        assert_eq!(answer.status, 400, "{field}");
        assert!(!answer.text.contains(secret), "{field}: {}", answer.text);
    }
    let metrics = app.get("/metrics").await;
    assert!(!metrics.ok(200).text.contains(secret));
    assert!(metrics.text.contains("status=\"400\""), "{}", metrics.text);
}

#[tokio::test]
async fn b_21_every_ingesta_has_its_own_date() {
    let app = TestApp::start().await;
    let before = chrono::Utc::now();
    let (one, two) = (app.ingesta().await, app.ingesta().await);
    let after = chrono::Utc::now();
    let mut dates = Vec::new();
    for id in [one, two] {
        let text = app.leer(&id).await.ok(200).text_of("fecha_creacion");
        let date: chrono::DateTime<chrono::Utc> = text.parse().expect("RFC 3339");
        assert!(
            text.ends_with('Z') && (before..=after).contains(&date),
            "{text}"
        );
        dates.push(date);
    }
    assert!(dates[0] < dates[1], "{dates:?}");
}
