//! The routing table: which topics there are, under which names.

use ingesta_kafka::envelope::Shape;
use ingesta_server::mensajes::{Esquema, Format, Rutas, Trato};

fn names(rutas: &Rutas) -> Vec<String> {
    let topics = rutas.topics(6).into_iter();
    topics.map(|spec| spec.name).collect()
}

#[test]
fn by_default_there_is_one_topic_per_aggregate_and_one_per_command() {
    let expected = [
        "eventos-ingesta",
        "eventos-imagen",
        "comando-crear-ingesta",
        "comando-eliminar-ingesta",
        "comando-revertir-ingesta",
    ];
    assert_eq!(names(&Rutas::default()), expected);
}

#[test]
fn by_type_the_names_of_the_first_systems_are_added() {
    let of_sagas = |schema: &Esquema| matches!(schema.trato(), Trato::Orden | Trato::Respuesta);
    let mut found = names(&Rutas::default().por_tipo());
    let all = Esquema::TODOS
        .into_iter()
        .filter(|schema| !of_sagas(schema));
    let mut expected: Vec<_> = all.map(Esquema::topic).collect();
    found.sort();
    expected.sort_unstable();
    assert_eq!(found, expected);
    for spec in Rutas::default().por_tipo().topics(4) {
        spec.check().expect("a broker takes it");
        assert_eq!((spec.partitions, spec.replication), (4, None));
    }
}

#[test]
fn a_step_of_the_relay_fits_into_the_window_whatever_the_table() {
    let most = |rutas: Rutas| rutas.con_saga().mensajes_por_suceso();
    assert_eq!(most(Rutas::default()), 1);
    assert_eq!(most(Rutas::default().por_tipo()), 3);
}

#[test]
fn with_sagas_their_orders_and_answers_are_added() {
    let plain = Rutas::default().por_tipo();
    assert!(!plain.tiene_saga());
    let rutas = plain.con_saga();
    assert!(rutas.tiene_saga());
    let mut found = names(&rutas);
    let mut expected = Esquema::TODOS.map(Esquema::topic);
    found.sort();
    expected.sort_unstable();
    assert_eq!(found, expected);
    // What is written is not read, or the server would take its own orders for commands.
    for ruta in rutas.commands() {
        assert!(ruta.schema.trato().se_recibe(), "{}", ruta.topic);
    }
    for ruta in rutas.events() {
        assert!(!ruta.schema.trato().se_recibe(), "{}", ruta.topic);
    }
}

#[test]
fn format_shape_prefix_and_trust_reach_the_topic_that_they_are_said_of() {
    let rutas = Rutas::default()
        .por_tipo()
        .with_prefix("a.")
        .with_format(Format::Json)
        .trusting("a.evento-ingesta-creada")
        .and_then(|rutas| rutas.with_shape("a.comando-eliminar-ingesta", Shape::DataOnly))
        .expect("they are there");
    assert!(names(&rutas).iter().all(|name| name.starts_with("a.")));
    assert!(
        rutas
            .events()
            .iter()
            .all(|ruta| ruta.format == Format::Json)
    );
    assert!(
        rutas
            .commands()
            .iter()
            .all(|ruta| ruta.format == Format::Json)
    );
    for ruta in rutas.events() {
        assert_eq!(ruta.trusted, ruta.schema == Esquema::EventoIngestaCreada);
    }
    for ruta in rutas.commands() {
        let shape = match ruta.schema == Esquema::ComandoEliminarIngesta {
            true => Shape::DataOnly,
            false => Shape::Full,
        };
        assert_eq!(ruta.shape, shape);
    }
}

#[test]
fn a_topic_that_is_not_there_is_refused_by_name_with_those_that_are() {
    let refused = Rutas::default().trusting("evento-ingesta-creada");
    let text = refused.expect_err("not by default").to_string();
    assert!(
        text.contains("evento-ingesta-creada") && text.contains("eventos-imagen"),
        "{text}"
    );
    // What is told of nobody has no shape, and what nobody asks for no trust.
    assert!(
        Rutas::default()
            .with_shape("eventos-imagen", Shape::Full)
            .is_err()
    );
    assert!(Rutas::default().trusting("comando-crear-ingesta").is_err());
}
