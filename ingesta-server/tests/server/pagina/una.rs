//! One ingesta: its life, its history with the events, and how it was.

use serde_json::json;

use super::{Navegador, pagina};
use crate::test_app::TestApp;

#[tokio::test]
async fn an_ingesta_has_its_life_its_events_and_its_past() {
    let app = TestApp::start().await;
    let id = app.ingesta().await;
    app.drain().await;
    let Some(mut navegador) = Navegador::abrir(&pagina(&app, &format!("#/ingesta/{id}"))).await
    else {
        return;
    };
    let all = "[...document.querySelectorAll('#historia [data-suceso]')].map((e) => e.dataset.suceso).join()";
    navegador
        .hasta("two events", &format!("{all} === 'ingesta/1,imagen/1'"))
        .await;

    // It is begun elsewhere, and the page follows.
    app.ordenar(&id, "iniciar").await.ok(202);
    navegador
        .hasta(
            "a third",
            &format!("{all} === 'ingesta/1,imagen/1,ingesta/2'"),
        )
        .await;
    let now = "document.querySelector('[aria-label=Ahora] dd').textContent";
    assert_eq!(navegador.js(now).await, json!("Pendiente"));

    // Back in time, with the keyboard.
    navegador.tabular_hasta("#version").await;
    navegador.tecla("ArrowLeft").await;
    navegador
        .hasta(
            "how it was",
            "document.querySelector('#entonces dd').textContent === 'Creada'",
        )
        .await;
    assert_eq!(navegador.js(now).await, json!("Pendiente"));
    navegador
        .js("document.querySelector('#historia summary').click()")
        .await;
    let event = navegador
        .js("document.querySelector('#historia pre').textContent")
        .await;
    assert!(
        event
            .as_str()
            .is_some_and(|event| event.contains("imagenes.example.org")),
        "{event}"
    );
    navegador.foto("una").await;

    // Undone by a person, who is asked why.
    navegador
        .js("document.querySelector('[data-orden=revertir]').click()")
        .await;
    navegador
        .hasta("the question", "document.getElementById('pregunta').open")
        .await;
    navegador.escribir("ya no hace falta").await;
    navegador.tecla("Enter").await;
    navegador
        .hasta("the end", &format!("{now} === 'Fallida'"))
        .await;
    assert_eq!(navegador.faltas(), [] as [String; 0]);

    navegador.ir(&pagina(&app, "#/fallas")).await;
    let row =
        format!("document.querySelector('[data-estado=Fallida]')?.textContent.includes('{id}')");
    navegador.hasta("it among those that failed", &row).await;
    navegador.foto("fallas").await;
    app.app.stop().await;
}
