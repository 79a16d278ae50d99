//! The history of an ingesta, and the list of them by state and by age.

use ingesta_server::acceso::Rol;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::acceso::{Casa, PROPIO};
use crate::test_app::{Answer, TestApp};

fn of(answer: &Answer, field: &str) -> Vec<Value> {
    let rows = answer.ok(200).json();
    let rows = rows.as_array().expect("an array").iter();
    rows.map(|row| row[field].clone()).collect()
}

#[tokio::test]
async fn a_history_is_the_logs_own_with_what_cannot_be_read_in_its_place() {
    let app = TestApp::start().await;
    let id = app.ingesta().await;
    app.drain().await;
    app.ordenar(&id, "iniciar").await.ok(202);
    app.insert(
        "Ingesta",
        &id,
        3,
        ("NadieLoConoce", json!({ "secreto": "x" })),
    )
    .await;
    let history = app.get(&format!("/ingesta/{id}/historia")).await;
    assert_eq!(
        of(&history, "evento"),
        [
            "IngestaCreada",
            "ImagenVerificada",
            "ProcesoIniciado",
            "NadieLoConoce"
        ]
    );
    assert_eq!(
        of(&history, "de"),
        ["ingesta", "imagen", "ingesta", "ingesta"]
    );
    assert_eq!(of(&history, "version"), [1, 1, 2, 3]);
    assert_eq!(of(&history, "ilegible"), [false, false, false, true]);
    assert_eq!(of(&history, "datos")[3], json!(null));
    let read = app
        .get(&format!("/ingesta/consulta-por-id/{id}?version=1"))
        .await;
    assert_eq!(
        of(&history, "datos")[0]["url_path"],
        read.ok(200).json()["url_path"]
    );
    // The image was made in the conversation of the command.
    assert_eq!(
        of(&history, "correlacion")[0],
        of(&history, "correlacion")[1]
    );

    let nobody = format!("/ingesta/{}/historia", Uuid::now_v7());
    app.get(&nobody).await.refused(404, "ingesta_no_existe");
    app.get("/ingesta/7/historia")
        .await
        .refused(400, "id_malformado");
    let other = format!("/ingesta/{id}/historia?desde=inicio");
    app.get(&other).await.refused(400, "parametro_desconocido");
    app.app.stop().await;
}

#[tokio::test]
async fn who_acted_is_told_to_those_of_the_house_alone() {
    let casa = Casa::new().await;
    let own = casa.clave(Rol::Proveedor, Some(PROPIO)).await;
    let house = casa.clave(Rol::Operador, None).await;
    let id = casa.ingesta(PROPIO, &own).await;
    let path = format!("/ingesta/{id}/iniciar");
    casa.post(&path, &json!({}), &house).await.ok(202);
    casa.app.drain().await;
    let path = format!("/ingesta/{id}/historia");
    let seen = of(&casa.get(&path, &house).await, "actor");
    assert!(
        seen.contains(&json!("proveedor")) && seen.contains(&json!("operador")),
        "{seen:?}"
    );
    let seen = of(&casa.get(&path, &own).await, "actor");
    assert!(seen.iter().all(Value::is_null), "{seen:?}");
    let who = casa.get("/bff/quien", &own).await.ok(200).json();
    assert_eq!(
        who,
        json!({
            "nombre": "proveedor", "papel": "proveedor", "id_proveedor": PROPIO, "abierto": false,
        })
    );
    casa.app.app.stop().await;
}

#[tokio::test]
async fn a_list_may_be_of_one_state_and_the_newest_first() {
    let app = TestApp::start().await;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(json!(app.ingesta().await));
    }
    for id in made.iter().step_by(2) {
        app.ordenar(id.as_str().expect("an id"), "iniciar")
            .await
            .ok(202);
    }
    app.drain().await;
    let (mut path, mut seen) = (
        "/ingesta/todas?orden=recientes&limite=3".to_owned(),
        Vec::new(),
    );
    loop {
        let page = app.get(&path).await;
        seen.extend(of(&page, "id_ingesta"));
        let Some(link) = page.headers.get("link").and_then(|link| link.to_str().ok()) else {
            break;
        };
        path = link[1..link.find('>').expect("an address")].to_owned();
        assert!(path.contains("orden=recientes"), "{path}");
    }
    let newest_first: Vec<_> = made.iter().rev().cloned().collect();
    assert_eq!(seen, newest_first);

    let begun = app.get("/ingesta/todas?estado=Pendiente&limite=3").await;
    assert_eq!(
        of(&begun, "id_ingesta"),
        [&made[0], &made[2], &made[4]].map(Clone::clone)
    );
    let link = begun.header("link");
    let next = app.get(&link[1..link.find('>').expect("an address")]).await;
    assert_eq!(of(&next, "id_ingesta"), [made[6].clone()]);
    let newest = app
        .get("/ingesta/todas?estado=Creada&orden=recientes")
        .await;
    assert_eq!(
        of(&newest, "id_ingesta"),
        [&made[5], &made[3], &made[1]].map(Clone::clone)
    );
    // A cursor belongs to its order.
    let cursor = link
        .split("cursor=")
        .nth(1)
        .and_then(|rest| rest.split(['&', '>']).next());
    let other = format!(
        "/ingesta/todas?orden=recientes&cursor={}",
        cursor.expect("a cursor")
    );
    app.get(&other).await.refused(400, "cursor_invalido");
    app.get("/ingesta/todas?estado=creada")
        .await
        .refused(400, "estado_desconocido");
    app.get("/ingesta/todas?orden=otro")
        .await
        .refused(400, "parametros_invalidos");
    app.app.stop().await;
}
