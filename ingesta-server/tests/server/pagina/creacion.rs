//! Two browsers, one log, and a restart in between.

use ingesta_event_store::{EventStorage, Position, TypeFilter};
use ingesta_server::{App, AppOptions};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Navegador, pagina};
use crate::test_app::{TestApp, options};

/// Whether the page hears what happens.
const VIVO: &str = "document.getElementById('conexion').classList.contains('vivo')";

/// Every event of ingestas and images in the log, in its order.
async fn en_el_registro(app: &TestApp) -> Vec<String> {
    let types = TypeFilter::Only(vec!["Ingesta".into(), "Imagen".into()]);
    let page = app.storage.read_after(Position::START, &types, 1000).await;
    let events = page.expect("the log answers").events;
    events
        .iter()
        .map(ingesta_event_store::RecordedEvent::id)
        .collect()
}

/// What the page has shown of what happened, the oldest first.
async fn mostrados(navegador: &mut Navegador) -> Vec<String> {
    let all = "[...document.querySelectorAll('#actividad [data-suceso]')].map((e) => e.dataset.suceso).reverse()";
    let all = navegador.js(all).await;
    let all = all.as_array().expect("a list").iter();
    all.map(|id| id.as_str().expect("an id").to_owned())
        .collect()
}

async fn ven(navegador: &mut Navegador, ids: &[String], sucesos: usize) {
    for id in ids {
        let row = format!("!!document.querySelector('#ingestas tr[data-id=\"{id}\"]')");
        navegador.hasta("a row of the list", &row).await;
    }
    let all = format!("document.querySelectorAll('#actividad [data-suceso]').length >= {sucesos}");
    navegador.hasta("everything that happened", &all).await;
}

/// Hands an image in with the keyboard alone, and answers with the id that the page says.
async fn entregar(navegador: &mut Navegador) -> String {
    for (campo, texto) in [
        ("#id_proveedor", Uuid::new_v4().to_string()),
        ("#id_paciente", Uuid::new_v4().to_string()),
        (
            "#url_path",
            "https://imagenes.example.org/CT_small.dcm".to_owned(),
        ),
    ] {
        navegador.tabular_hasta(campo).await;
        navegador.escribir(&texto).await;
    }
    navegador.tecla("Enter").await;
    let said = navegador
        .hasta(
            "the answer",
            "document.getElementById('avisos').textContent",
        )
        .await;
    said.as_str()
        .expect("a text")
        .split(' ')
        .nth(1)
        .expect("an id")
        .to_owned()
}

#[tokio::test]
async fn b_41_two_browsers_see_everything_once_across_a_restart() {
    let mut app = TestApp::start().await;
    let addr = app.app.addr();
    let Some(mut ana) = Navegador::abrir(&pagina(&app, "")).await else {
        return;
    };
    let Some(mut luis) = Navegador::abrir(&pagina(&app, "")).await else {
        return;
    };
    for navegador in [&mut ana, &mut luis] {
        navegador.hasta("the feed", VIVO).await;
    }

    let first = entregar(&mut ana).await;
    app.drain().await;
    let log = en_el_registro(&app).await;
    assert_eq!(log.len(), 2, "an ingesta and its image: {log:?}");
    let mut ids = vec![first];
    for navegador in [&mut ana, &mut luis] {
        ven(navegador, &ids, 2).await;
    }

    // The server goes; meanwhile another one of the same database takes one in.
    let next = App::start(app.database.clone(), options())
        .await
        .expect("it starts");
    std::mem::replace(&mut app.app, next).stop().await;
    for navegador in [&mut ana, &mut luis] {
        navegador.hasta("the mark", &format!("!{VIVO}")).await;
    }
    ids.push(app.ingesta().await);
    app.drain().await;
    let there = AppOptions {
        listen: addr,
        ..options()
    };
    let next = App::start(app.database.clone(), there)
        .await
        .expect("it comes back");
    std::mem::replace(&mut app.app, next).stop().await;
    for navegador in [&mut ana, &mut luis] {
        navegador.hasta("the feed", VIVO).await;
    }
    ids.push(app.ingesta().await);
    app.drain().await;

    let log = en_el_registro(&app).await;
    assert_eq!(log.len(), 6);
    for navegador in [&mut ana, &mut luis] {
        ven(navegador, &ids, 6).await;
        assert_eq!(
            mostrados(navegador).await,
            log,
            "nothing missed, nothing twice, in order"
        );
        let rows = navegador
            .js("[...document.querySelectorAll('#ingestas tr[data-id]')].map((r) => r.dataset.id)")
            .await;
        let newest_first: Vec<_> = ids.iter().rev().map(|id| json!(id)).collect();
        assert_eq!(rows, Value::Array(newest_first));
        assert_eq!(navegador.faltas(), [] as [String; 0]);
    }
    luis.foto("lista").await;
    app.app.stop().await;
}

#[tokio::test]
async fn a_refused_wish_is_told_beside_its_form_and_hands_nothing_in() {
    let app = TestApp::start().await;
    let Some(mut navegador) = Navegador::abrir(&pagina(&app, "")).await else {
        return;
    };
    navegador
        .hasta("the form", "!!document.getElementById('url_path')")
        .await;
    let fill = "for (const [id, value] of [['id_proveedor', 'x'], ['id_paciente', 'y'], ['url_path', 'http://a/b']]) \
                document.getElementById(id).value = value; document.querySelector('form.crear').requestSubmit()";
    navegador.js(fill).await;
    let said = "document.querySelector('form.crear [role=alert]').textContent";
    let said = navegador.hasta("the refusal", said).await;
    assert!(
        said.as_str()
            .is_some_and(|said| said.contains("id_proveedor")),
        "{said}"
    );
    assert_eq!(app.count("select count(*) from events").await, 0);

    // Filters, and a state that nothing is in.
    let id = app.ingesta().await;
    let row = format!("!!document.querySelector('#ingestas tr[data-id=\"{id}\"]')");
    navegador.hasta("a row", &row).await;
    let choose = "const f = document.getElementById('filtro'); f.value = 'Fallida'; f.dispatchEvent(new Event('change'))";
    navegador.js(choose).await;
    navegador
        .hasta(
            "an empty list",
            "document.getElementById('ingestas').textContent.includes('ninguna')",
        )
        .await;
    app.app.stop().await;
}

#[tokio::test]
async fn b_52_what_the_form_hands_in_is_what_the_list_then_shows() {
    let app = TestApp::start().await;
    let Some(mut navegador) = Navegador::abrir(&pagina(&app, "")).await else {
        return;
    };
    navegador.hasta("the feed", VIVO).await;
    let fields = json!({
        "id_proveedor": Uuid::new_v4(), "id_paciente": Uuid::new_v4(),
        "url_path": "https://imagenes.example.org/CT_small.dcm", "modalidad": "CT",
    });
    let submit = format!(
        "for (const [id, value] of Object.entries({fields})) document.getElementById(id).value = value; \
         document.querySelector('form.crear').requestSubmit()"
    );
    navegador.js(&submit).await;
    let said = navegador
        .hasta(
            "the answer",
            "document.getElementById('avisos').textContent",
        )
        .await;
    let id = said
        .as_str()
        .expect("a text")
        .split(' ')
        .nth(1)
        .expect("an id")
        .to_owned();
    app.drain().await;
    ven(&mut navegador, std::slice::from_ref(&id), 2).await;
    let log = en_el_registro(&app).await;
    assert_eq!(log[0], format!("Ingesta/{id}/1"));
    assert_eq!(mostrados(&mut navegador).await, log);
    app.app.stop().await;
}

#[tokio::test]
async fn b_51_b_53_the_page_asks_the_server_it_came_from_and_needs_no_topic() {
    // An empty log and no broker, reached by another of its names.
    let app = TestApp::start().await;
    let url = format!("http://localhost:{}/", app.app.addr().port());
    let Some(mut navegador) = Navegador::abrir(&url).await else {
        return;
    };
    navegador.hasta("the feed", VIVO).await;
    navegador
        .hasta(
            "an empty list",
            "document.getElementById('ingestas').textContent",
        )
        .await;
    let id = app.ingesta().await;
    app.drain().await;
    ven(&mut navegador, &[id], 2).await;
    assert_eq!(navegador.faltas(), [] as [String; 0]);
    app.app.stop().await;
}

#[tokio::test]
async fn b_53_the_page_of_an_empty_log_is_whole() {
    let app = TestApp::start().await;
    let Some(mut navegador) = Navegador::abrir(&pagina(&app, "#/operacion")).await else {
        return;
    };
    let whole =
        "[...document.querySelectorAll('[data-parte]')].every((e) => e.children.length > 0)";
    navegador.hasta("every part", whole).await;
    let text = "document.querySelector('[data-parte=\"Mensajes apartados\"]').textContent";
    let text = navegador.js(text).await;
    assert!(
        text.as_str()
            .is_some_and(|text| text.contains("no tiene broker")),
        "{text}"
    );
    assert_eq!(navegador.faltas(), [] as [String; 0]);
    app.app.stop().await;
}
