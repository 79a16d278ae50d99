//! Both generations of operations, and what refuses them.

use ingesta_server::sdl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{codigo, preguntar};
use crate::acceso::{AJENO, Casa, PROPIO};
use crate::test_app::{TestApp, cuerpo};
use ingesta_server::acceso::Rol;

#[test]
fn the_committed_graphql_schema_is_the_types_own() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    if std::env::var_os("INGESTA_BLESS").is_some() {
        std::fs::write(path, sdl()).expect("write it");
    }
    let committed = std::fs::read_to_string(path).expect("it is committed");
    assert_eq!(
        committed,
        sdl(),
        "schema.graphql differs: run this test with INGESTA_BLESS=1"
    );
}

#[tokio::test]
async fn b_18_both_generations_of_operations_answer_with_ids() {
    let app = TestApp::start().await;
    let body = cuerpo();
    let first = "mutation($p: String!, $q: String!, $u: String!) {
        crearIngesta(idProveedor: $p, idPaciente: $q, urlPath: $u) {
            mensaje codigo idIngesta posicion version } }";
    let variables =
        json!({"p": body["id_proveedor"], "q": body["id_paciente"], "u": body["url_path"]});
    let created = preguntar(&app, first, variables.clone()).await;
    let created = &created["data"]["crearIngesta"];
    assert_eq!(created["mensaje"], "Procesando Mensaje");
    assert_eq!(created["codigo"], 203);
    let later = "mutation($p: String!, $q: String!, $u: String!) {
        createIngest(providerId: $p, patientId: $q, urlPath: $u, clave: \"una\") { idIngesta } }";
    let mut ids = vec![created["idIngesta"].clone()];
    for _ in 0..2 {
        let again = preguntar(&app, later, variables.clone()).await;
        ids.push(again["data"]["createIngest"]["idIngesta"].clone());
    }
    assert_eq!(ids[1], ids[2], "the same key is the same wish");
    ids.pop();
    app.drain().await;
    for name in ["ingestas", "ingests"] {
        let all = format!(
            "{{ {name} {{ idIngesta idProveedor idPaciente urlPath estado fechaCreacion }} }}"
        );
        let all = preguntar(&app, &all, Value::Null).await;
        let rows = all["data"][name].as_array().expect("rows");
        let found: Vec<&Value> = rows.iter().map(|row| &row["idIngesta"]).collect();
        assert_eq!(found, ids.iter().collect::<Vec<_>>());
        assert_eq!(rows[0]["urlPath"], body["url_path"]);
        assert!(rows[0]["fechaCreacion"].is_string());
    }
    let page = "{ paginaIngestas(limite: 1) { siguiente ingestas { idIngesta } } }";
    let page = preguntar(&app, page, Value::Null).await;
    assert_eq!(page["data"]["paginaIngestas"]["siguiente"], ids[0]);
    let next = "query($d: ID) { paginaIngestas(limite: 1, despues: $d) { siguiente ingestas { idIngesta } } }";
    let next = preguntar(&app, next, json!({"d": ids[0]})).await;
    assert_eq!(next["data"]["paginaIngestas"]["siguiente"], Value::Null);
    let one = "query($i: ID!) { ingesta(idIngesta: $i) { version estado } imagen(idIngesta: $i) { idIngesta estado } }";
    let one = preguntar(&app, one, json!({"i": ids[0]})).await;
    assert_eq!(one["data"]["imagen"]["estado"], "verificada", "{one}");
    let gone = "mutation($i: ID!) { eliminarIngesta(idIngesta: $i) { version } }";
    let gone = preguntar(&app, gone, json!({"i": ids[0]})).await;
    assert_eq!(gone["data"]["eliminarIngesta"]["version"], 2, "{gone}");
    app.app.stop().await;
}

#[tokio::test]
async fn b_46_what_was_not_stored_is_an_error_and_names_nothing_of_the_house() {
    let app = TestApp::start().await;
    let wrong = "mutation { crearIngesta(idProveedor: \"x\", idPaciente: \"y\", urlPath: \"ftp://secreto\") { idIngesta } }";
    let answer = preguntar(&app, wrong, Value::Null).await;
    assert_eq!(codigo(&answer), "id_invalido");
    assert_eq!(answer["data"], Value::Null);
    assert!(!answer.to_string().contains("secreto"));
    // The log is away: a table that is not there, as after an accident.
    sqlx::query("alter table events rename to events_ida")
        .execute(app.database.pool())
        .await
        .expect("it is renamed");
    let body = cuerpo();
    let variables =
        json!({"p": body["id_proveedor"], "q": body["id_paciente"], "u": body["url_path"]});
    let sound = "mutation($p: String!, $q: String!, $u: String!) {
        crearIngesta(idProveedor: $p, idPaciente: $q, urlPath: $u) { idIngesta } }";
    let answer = preguntar(&app, sound, variables).await;
    assert_eq!(codigo(&answer), "error_interno");
    b_48_names_no_address(&app, &answer);
    sqlx::query("alter table events_ida rename to events")
        .execute(app.database.pool())
        .await
        .expect("it is back");
    app.app.stop().await;
}

/// Neither a host nor a port nor a table of this house.
fn b_48_names_no_address(app: &TestApp, answer: &Value) {
    let text = answer.to_string();
    let port = app.app.addr().port().to_string();
    for word in ["127.0.0.1", "localhost", "events", "postgres", &*port] {
        assert!(!text.contains(word), "{text}");
    }
}

#[tokio::test]
async fn a_provider_sees_and_hands_in_its_own_alone() {
    let casa = Casa::new().await;
    let own = casa.clave(Rol::Proveedor, Some(PROPIO)).await;
    let other = casa.clave(Rol::Proveedor, Some(AJENO)).await;
    let theirs = casa.ingesta(AJENO, &other).await;
    casa.ingesta(PROPIO, &own).await;
    casa.app.drain().await;
    let ask = async |query: String| {
        let body = json!({"query": query});
        casa.post("/bff/v1", &body, &own).await.ok(200).json()
    };
    let all = ask("{ ingestas { idProveedor } }".into()).await;
    assert_eq!(all["data"]["ingestas"], json!([{"idProveedor": PROPIO}]));
    let none = Uuid::now_v7().to_string();
    let mut both = Vec::new();
    for id in [&theirs, &none] {
        let answers = [
            ask(format!("{{ ingesta(idIngesta: \"{id}\") {{ estado }} }}")).await,
            ask(format!("{{ imagen(idIngesta: \"{id}\") {{ estado }} }}")).await,
            ask(format!(
                "mutation {{ eliminarIngesta(idIngesta: \"{id}\") {{ version }} }}"
            ))
            .await,
        ];
        for answer in &answers {
            assert_eq!(codigo(answer), "ingesta_no_existe");
        }
        both.push(json!(answers).to_string());
    }
    assert_eq!(both[0], both[1]);
    let strange = format!(
        "mutation {{ crearIngesta(idProveedor: \"{AJENO}\", idPaciente: \"{AJENO}\",
            urlPath: \"https://i.example.org/x\") {{ idIngesta }} }}"
    );
    assert_eq!(codigo(&ask(strange).await), "proveedor_ajeno");
    let nobody = casa
        .app
        .post("/bff/v1", &json!({"query": "{ ingestas { estado } }"}))
        .await;
    nobody.refused(401, "sin_identidad");
    casa.app.get("/bff/v1").await.ok(200);
    casa.app.app.stop().await;
}
