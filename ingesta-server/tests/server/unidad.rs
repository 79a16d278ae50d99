//! One command over two aggregates: stored together, and both followed.

use std::sync::Arc;

use chrono::Utc;
use ingesta_domain::imagen::{CrearImagen, Imagen};
use ingesta_domain::ingesta::{CrearIngesta, Ingesta};
use ingesta_domain::valor::{HechosDeclarados, IdImagen, IdIngesta, UrlPath};
use ingesta_event_store::{CommandContext, UnitOfWork};
use ingesta_server::app::event_codec;
use uuid::Uuid;

use crate::test_app::TestApp;

#[tokio::test]
async fn b_10_a_unit_of_work_over_two_aggregates_loses_neither_s_events() {
    let app = TestApp::start().await;
    let id = IdIngesta::from(Uuid::now_v7());
    let url_path = UrlPath::parse("https://imagenes.example.org/CT_small.dcm").expect("an address");
    let (hechos, fecha) = (HechosDeclarados::default(), Utc::now());
    let crear = CrearIngesta {
        id_proveedor: Uuid::new_v4().into(),
        id_paciente: Uuid::new_v4().into(),
        url_path: url_path.clone(),
        hechos: hechos.clone(),
        fecha,
    };
    let imagen = CrearImagen {
        id_ingesta: id,
        url_path,
        hechos,
        fecha,
    };
    let storage = Arc::new(app.storage.clone());
    let mut unit = UnitOfWork::new(storage, event_codec(), CommandContext::default());
    unit.execute::<Ingesta>(&(), &id.to_string(), crear.into())
        .await
        .expect("decided");
    let id_imagen = IdImagen::de_ingesta(id).to_string();
    unit.execute::<Imagen>(&(), &id_imagen, imagen.into())
        .await
        .expect("decided");
    assert_eq!(
        app.count("select count(*) from events").await,
        0,
        "nothing before the commit"
    );

    let outcome = unit
        .commit()
        .await
        .expect("stored")
        .expect("something to store");
    assert_eq!(outcome.streams.len(), 2);
    app.drain().await;
    // The reaction finds its image made already: still one of each, and both are in their views.
    // (That its command had nothing to do is remembered, and is no event.)
    let events = "from events where aggregate_type <> '$command'";
    assert_eq!(app.count(&format!("select count(*) {events}")).await, 2);
    assert_eq!(
        app.count(&format!("select count(distinct xact) {events}"))
            .await,
        1
    );
    assert_eq!(app.count("select count(*) from vista_ingestas").await, 1);
    assert_eq!(app.count("select count(*) from vista_imagenes").await, 1);
    let image = app.get(&format!("/ingesta/{id}/imagen")).await;
    assert_eq!(image.ok(200).text_of("id_imagen"), id_imagen);
}
