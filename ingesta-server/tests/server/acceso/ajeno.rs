//! Another provider's ingesta and none at all are the same answer; lists and feeds hold one's own.

use ingesta_server::acceso::Rol;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AJENO, Casa, PROPIO, de};
use crate::test_app::Answer;

/// Everything that a client can tell apart, but the id that it sent itself and the date.
fn seen(answer: &Answer, id: &str) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().filter(|(name, _)| *name != "date");
    let headers = headers.map(|(name, value)| {
        let value = value.to_str().expect("text").replace(id, "ID");
        (name.to_string(), value)
    });
    (
        answer.status,
        headers.collect(),
        answer.text.replace(id, "ID"),
    )
}

#[tokio::test]
async fn anothers_ingesta_and_none_cannot_be_told_apart() {
    let casa = Casa::new().await;
    let own = casa.clave(Rol::Proveedor, Some(PROPIO)).await;
    let other = casa.clave(Rol::Proveedor, Some(AJENO)).await;
    let theirs = casa.ingesta(AJENO, &other).await;
    let none = Uuid::now_v7().to_string();
    let paths = [
        (Method::GET, "/ingesta/consulta-por-id/ID"),
        (Method::GET, "/ingesta/consulta-por-id/ID?version=1"),
        (Method::GET, "/ingesta/consulta-por-id/ID?version=nada"),
        (
            Method::GET,
            "/ingesta/consulta-por-id/ID?instante=2001-01-01T00:00:00Z",
        ),
        (Method::GET, "/ingesta/consulta-por-id/ID?x=1"),
        (Method::GET, "/ingesta/ID/imagen"),
        (Method::GET, "/ingesta/ID/saga"),
        (Method::POST, "/ingesta/ID/eliminar"),
        (Method::POST, "/ingesta/ID/eliminar?x=1"),
    ];
    for (method, path) in paths {
        for (header, value) in [
            ("if-none-match", "*"),
            ("if-match", "\"9\""),
            ("prefer", "wait=1"),
        ] {
            let mut both = Vec::new();
            for id in [&theirs, &none] {
                let request = casa.request(method.clone(), &path.replace("ID", id), &own);
                let answer = casa.app.send(request.header(header, value)).await;
                answer.refused(404, "ingesta_no_existe");
                both.push(seen(&answer, id));
            }
            assert_eq!(both[0], both[1], "{method} {path} {header}");
        }
    }
    let path = format!("/ingesta/consulta-por-id/{theirs}");
    casa.get(&path, &other).await.ok(200);
    casa.app.app.stop().await;
}

#[tokio::test]
async fn a_list_holds_ones_own_page_by_page() {
    let casa = Casa::new().await;
    let own = casa.clave(Rol::Proveedor, Some(PROPIO)).await;
    let other = casa.clave(Rol::Proveedor, Some(AJENO)).await;
    let mut mine = Vec::new();
    for _ in 0..5 {
        mine.push(casa.ingesta(PROPIO, &own).await);
        casa.ingesta(AJENO, &other).await;
    }
    casa.app.drain().await;
    let (mut path, mut seen) = ("/ingesta/todas?limite=2".to_owned(), Vec::new());
    loop {
        let page = casa.get(&path, &own).await;
        let rows = page.ok(200).json();
        for row in rows.as_array().expect("rows") {
            assert_eq!(row["id_proveedor"], PROPIO);
            seen.push(row["id_ingesta"].as_str().expect("an id").to_owned());
        }
        let Some(link) = page.headers.get("link") else {
            break;
        };
        let link = link.to_str().expect("text");
        path = link[1..].split('>').next().expect("an address").to_owned();
    }
    assert_eq!(seen, mine);
    let guard = casa.clave(Rol::Operador, None).await;
    let all = casa.get("/ingesta/todas", &guard).await.json();
    assert_eq!(all.as_array().expect("rows").len(), 10);
    casa.app.app.stop().await;
}

/// What a feed tells until it has told this many events.
async fn told(casa: &Casa, path: &str, clave: &str, count: usize) -> Vec<Value> {
    let answer = casa.request(Method::GET, path, clave).send().await;
    let mut answer = answer.expect("an answer");
    let mut text = String::new();
    let data = |text: &str| -> Vec<Value> {
        let whole = text.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
        let lines = whole.lines().filter_map(|line| line.strip_prefix("data: "));
        lines
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    };
    while data(&text).len() < count {
        let part = answer.chunk().await.expect("bytes");
        let part = part.expect("the feed goes on");
        text.push_str(std::str::from_utf8(&part).expect("text"));
    }
    data(&text)
}

#[tokio::test]
async fn a_feed_tells_a_provider_of_its_own_alone() {
    let casa = Casa::new().await;
    let own = casa.clave(Rol::Proveedor, Some(PROPIO)).await;
    let other = casa.clave(Rol::Proveedor, Some(AJENO)).await;
    let guard = casa.clave(Rol::Operador, None).await;
    let mut mine = Vec::new();
    for _ in 0..3 {
        casa.ingesta(AJENO, &other).await;
        mine.push(casa.ingesta(PROPIO, &own).await);
    }
    let path = "/bff/stream?desde=inicio&topico=eventos-ingesta";
    let ids = |frames: Vec<Value>| -> Vec<Value> {
        frames
            .iter()
            .map(|frame| frame["data"]["id_ingesta"].clone())
            .collect()
    };
    assert_eq!(
        ids(told(&casa, path, &own, 3).await),
        json!(mine).as_array().expect("ids")[..]
    );
    assert_eq!(told(&casa, path, &guard, 6).await.len(), 6);
    for id in &mine[..1] {
        for verb in ["iniciar", "revertir"] {
            let path = format!("/ingesta/{id}/{verb}");
            casa.post(&path, &json!({"motivo": "m"}), &guard)
                .await
                .ok(202);
        }
    }
    let fails = told(&casa, "/bff/stream/fails?desde=inicio", &own, 1).await;
    assert_eq!(fails[0]["data"]["id_ingesta"], json!(mine[0]));
    casa.app.app.stop().await;
}

#[tokio::test]
async fn a_providers_names_of_commands_are_its_own_and_who_acts_is_written_down() {
    let casa = Casa::new().await;
    let mut ids = Vec::new();
    for (whose, times) in [(PROPIO, 2), (AJENO, 1)] {
        let clave = casa.clave(Rol::Proveedor, Some(whose)).await;
        let body = de(whose);
        for _ in 0..times {
            let path = "/ingesta/crear-ingesta-comando";
            let request = casa.request(Method::POST, path, &clave);
            let request = request.header("idempotency-key", "la-misma").json(&body);
            let answer = casa.app.send(request).await;
            ids.push(answer.ok(202).text_of("id_ingesta"));
        }
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
    let acted = "select count(*) from events where aggregate_type = 'Ingesta'
                  and metadata ->> 'actor' = 'proveedor'";
    assert_eq!(casa.app.count(acted).await, 2);
    casa.app.app.stop().await;
}
