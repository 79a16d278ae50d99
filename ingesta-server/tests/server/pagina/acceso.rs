//! The page of a server that asks who comes.

use ingesta_server::acceso::Rol;
use serde_json::json;

use super::Navegador;
use crate::acceso::{AJENO, Casa, PROPIO};

/// Sections that are not for whoever is here.
const HIDDEN: &str = "document.querySelectorAll('.de-operador[hidden]').length";

async fn entrar(navegador: &mut Navegador, clave: &str) {
    navegador
        .js("document.getElementById('quien').click()")
        .await;
    navegador
        .hasta("the question", "document.getElementById('entrada').open")
        .await;
    navegador
        .js("document.getElementById('clave').value = ''; document.getElementById('clave').focus()")
        .await;
    navegador.escribir(clave).await;
    navegador.tecla("Enter").await;
}

#[tokio::test]
async fn each_sees_what_is_theirs_and_nothing_before_they_are_known() {
    let casa = Casa::new().await;
    let (own, other) = (
        casa.clave(Rol::Proveedor, Some(PROPIO)).await,
        casa.clave(Rol::Proveedor, Some(AJENO)).await,
    );
    let mine = casa.ingesta(PROPIO, &own).await;
    let theirs = casa.ingesta(AJENO, &other).await;
    casa.app.drain().await;
    let url = format!("http://{}/", casa.app.app.addr());
    let Some(mut navegador) = Navegador::abrir(&url).await else {
        return;
    };
    navegador
        .hasta(
            "the invitation",
            "document.body.textContent.includes('Entre con su clave')",
        )
        .await;
    entrar(&mut navegador, "no es una clave").await;
    navegador
        .hasta(
            "the refusal",
            "document.getElementById('entrada-error').textContent",
        )
        .await;
    navegador.tecla("Escape").await;

    entrar(&mut navegador, &own).await;
    let row = |id: &str| format!("document.querySelector('#ingestas tr[data-id=\"{id}\"]')");
    navegador
        .hasta("its own", &format!("!!{}", row(&mine)))
        .await;
    assert_eq!(
        navegador.js(&format!("{} === null", row(&theirs))).await,
        json!(true)
    );
    assert_eq!(
        navegador
            .js("document.getElementById('id_proveedor').value")
            .await,
        json!(PROPIO)
    );
    assert_eq!(navegador.js(HIDDEN).await, json!(2));
    // Another's is answered as if there were none.
    navegador
        .js(&format!("location.hash = '#/ingesta/{theirs}'"))
        .await;
    navegador
        .hasta(
            "none",
            "document.querySelector('[role=alert].error')?.textContent.includes('no existe')",
        )
        .await;

    let operador = casa.clave(Rol::Operador, None).await;
    navegador.js("location.hash = '#/'").await;
    entrar(&mut navegador, &operador).await;
    for id in [&mine, &theirs] {
        navegador
            .hasta("everybody's", &format!("!!{}", row(id)))
            .await;
    }
    assert_eq!(navegador.js(HIDDEN).await, json!(0));
    assert_eq!(navegador.js("document.cookie").await, json!(""));
    casa.app.app.stop().await;
}

#[tokio::test]
async fn b_48_a_page_of_another_site_changes_nothing_even_where_all_are_let_in() {
    let app = crate::test_app::TestApp::start().await;
    let id = app.ingesta().await;
    // What a browser sends for a form or a `fetch` without leave of the server.
    for origin in ["https://otra.example.org", "null"] {
        for path in [
            format!("/ingesta/{id}/iniciar"),
            "/operacion/proyecciones/vista_ingestas/reconstruir".to_owned(),
        ] {
            let request = app
                .request(reqwest::Method::POST, &path)
                .header("origin", origin);
            app.send(request).await.refused(403, "origen_ajeno");
        }
    }
    // Nor one whose name was made to point here, which is then of the same origin.
    let renamed = app
        .request(reqwest::Method::POST, &format!("/ingesta/{id}/iniciar"))
        .header("host", "otra.example.org:5000")
        .header("origin", "http://otra.example.org:5000");
    app.send(renamed).await.refused(403, "anfitrion_ajeno");
    let read = app.request(reqwest::Method::GET, "/ingesta/todas");
    let read = app.send(read.header("host", "otra.example.org")).await;
    read.refused(403, "anfitrion_ajeno");
    assert_eq!(app.leer(&id).await.json()["version"], 1);
    let own = format!("http://{}", app.app.addr());
    let request = app.request(reqwest::Method::POST, &format!("/ingesta/{id}/iniciar"));
    app.send(request.header("origin", own)).await.ok(202);
    let page = app.get("/pagina/").await;
    assert!(
        page.ok(200)
            .header("content-security-policy")
            .contains("script-src 'self'")
    );
    let tag = page.header("etag").to_owned();
    let again = app
        .request(reqwest::Method::GET, "/pagina/")
        .header("if-none-match", tag);
    app.send(again).await.ok(304);
    app.get("/pagina/otra.js")
        .await
        .refused(404, "ruta_desconocida");
    app.app.stop().await;
}
