//! For everybody: by screen reader, by keyboard, on a phone, in the light and in the dark.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Navegador, pagina};
use crate::test_app::TestApp;

/// Texts whose colours are nearer to each other than 4.5:1.
const POORLY_SEEN: &str = r"(() => {
  const rgb = (text) => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const f = (c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.matches(':disabled')) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${e.tagName} ${e.textContent.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return poor;
})()";

/// What a screen reader is told of a section.
async fn dicho(navegador: &mut Navegador, place: &str) {
    // Whatever can be used has a name.
    const USED: [&str; 7] = [
        "button",
        "link",
        "textbox",
        "combobox",
        "checkbox",
        "slider",
        "progressbar",
    ];
    let told = navegador.leido().await;
    for (role, name) in &told {
        assert!(
            !USED.contains(&&**role) || !name.trim().is_empty(),
            "{place}: a {role} without a name"
        );
    }
    for landmark in ["main", "navigation", "banner"] {
        assert!(
            told.iter().any(|(role, _)| role == landmark),
            "{place}: no {landmark}"
        );
    }
}

/// What is seen of it, in either scheme of colours.
async fn visto(navegador: &mut Navegador, place: &str) {
    for scheme in ["light", "dark"] {
        navegador.colores(scheme).await;
        let poor = navegador.js(POORLY_SEEN).await;
        assert_eq!(poor, Value::Array(Vec::new()), "{place} in {scheme}");
    }
    navegador.colores("light").await;
}

#[tokio::test]
async fn every_section_can_be_read_and_used_by_everybody() {
    let app = TestApp::start().await;
    let id = app.ingesta().await;
    app.ordenar(&id, "iniciar").await.ok(202);
    app.insert(
        "Ingesta",
        &Uuid::new_v4().to_string(),
        1,
        ("NadieLoConoce", json!({})),
    )
    .await;
    let sections = [
        ("", "!!document.querySelector('#ingestas tr[data-id]')"),
        (
            "#/fallas",
            "document.querySelectorAll('[data-estado] p, [data-estado] table').length === 3",
        ),
        (
            "#/operacion",
            "!!document.querySelector('[data-saltar]') && !!document.querySelector('tr[data-nombre]')",
        ),
        ("#/sagas", "!!document.querySelector('#sagas *')"),
        (
            &*format!("#/ingesta/{id}"),
            "!!document.querySelector('#historia li') && !!document.querySelector('#entonces dd')",
        ),
    ];
    let Some(mut navegador) = Navegador::abrir(&pagina(&app, "")).await else {
        return;
    };
    assert_eq!(
        navegador.js("document.documentElement.lang").await,
        json!("es")
    );
    for (place, there) in sections {
        navegador.tamano(1200, 900).await;
        navegador
            .js(&format!(
                "location.hash = {}",
                json!(if place.is_empty() { "#/" } else { place })
            ))
            .await;
        navegador.hasta(place, there).await;
        assert_eq!(
            navegador.js("document.querySelectorAll('h1').length").await,
            json!(1),
            "{place}"
        );

        dicho(&mut navegador, place).await;
        visto(&mut navegador, place).await;
        // On a phone nothing is beside the screen.
        navegador.tamano(360, 740).await;
        let wide = navegador.js("document.documentElement.scrollWidth").await;
        assert!(
            wide.as_u64().is_some_and(|wide| wide <= 360),
            "{place}: {wide} wide"
        );
        if place.starts_with("#/ingesta/") {
            navegador.foto("telefono").await;
        }
    }
    assert_eq!(navegador.faltas(), [] as [String; 0]);
    app.app.stop().await;
}
