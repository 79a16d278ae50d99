//! Lives told as given / when / then, through cqrs-es, so that the glue is tested with the rules.
//!
//! They promise what a reader of the table cannot see: what an event carries, what a state keeps, what
//! a refusal says, what a repeat does.
//! The full matrix is in `vida`.

use cqrs_es::mem_store::MemStore;
use cqrs_es::test::TestFramework;
use cqrs_es::{AggregateContext, AggregateError, CqrsFramework, EventStore};
use ingesta_domain::imagen::{
    CrearImagen, Imagen, ImagenCommand, ImagenError, ImagenRevertida, RevertirImagen, reaccion,
};
use ingesta_domain::ingesta::{
    AlertarIngesta, EliminarIngesta, FinalizarIngesta, Ingesta, IngestaError, IngestaEvent,
    IngestaRechazada, IngestaRevertida, IniciarProceso, RechazarIngesta, RevertirIngesta, apply,
};
use ingesta_domain::valor::{EstadoImagen, EstadoIngesta, IdImagen, IdIngesta, MotivoRechazo};

use crate::muestra::{self, fecha};

fn dado(estado: EstadoIngesta) -> cqrs_es::test::AggregateTestExecutor<Ingesta> {
    TestFramework::with(()).given(muestra::camino(estado))
}

#[test]
fn a_new_ingesta_keeps_what_its_provider_said() {
    TestFramework::<Ingesta>::with(())
        .given_no_previous_events()
        .when(muestra::crear().into())
        .then_expect_events(vec![muestra::eventos()[0].clone()]);

    let ingesta = muestra::en_estado(Some(EstadoIngesta::Creada));
    let datos = ingesta.datos().unwrap();
    assert_eq!(datos.hechos, muestra::hechos());
    assert_eq!(datos.url_path, muestra::url());
    assert_eq!(
        (datos.fecha_creacion, datos.fecha_eliminacion),
        (fecha(), None)
    );
}

#[test]
fn a_rejection_keeps_every_reason_and_needs_one() {
    let motivos = vec![MotivoRechazo::UrlInvalida, MotivoRechazo::BytesInvalidos];
    dado(EstadoIngesta::Pendiente)
        .when(
            RechazarIngesta {
                motivos: motivos.clone(),
                fecha: fecha(),
            }
            .into(),
        )
        .then_expect_events(vec![
            IngestaRechazada {
                motivos,
                fecha: fecha(),
            }
            .into(),
        ]);
    dado(EstadoIngesta::Pendiente)
        .when(
            RechazarIngesta {
                motivos: vec![],
                fecha: fecha(),
            }
            .into(),
        )
        .then_expect_error_message("un rechazo necesita al menos un motivo");
}

#[test]
fn a_withdrawal_waits_until_nobody_works_on_the_data() {
    let eliminar = || EliminarIngesta { fecha: fecha() }.into();
    dado(EstadoIngesta::Pendiente)
        .when(eliminar())
        .then_expect_error_message("EliminarIngesta no es posible en el estado Pendiente");
    dado(EstadoIngesta::Pendiente)
        .and(vec![muestra::eventos()[6].clone()])
        .when(eliminar())
        .then_expect_events(vec![muestra::eventos()[5].clone()]);
}

#[test]
fn an_alert_ends_by_a_person_and_the_state_keeps_the_reason() {
    for (comando, destino) in [
        (
            FinalizarIngesta { fecha: fecha() }.into(),
            "IngestaFinalizada",
        ),
        (
            RevertirIngesta {
                motivo: muestra::motivo(),
                fecha: fecha(),
            }
            .into(),
            "IngestaRevertida",
        ),
        (
            EliminarIngesta { fecha: fecha() }.into(),
            "IngestaEliminada",
        ),
    ] {
        let eventos = dado(EstadoIngesta::Alertada)
            .when(comando)
            .inspect_result()
            .unwrap();
        assert_eq!(
            eventos.iter().map(IngestaEvent::tipo).collect::<Vec<_>>(),
            [destino]
        );
    }
    let alertada = muestra::en_estado(Some(EstadoIngesta::Alertada));
    assert_eq!(alertada.datos().unwrap().motivo, Some(muestra::motivo()));
}

#[test]
fn a_command_sent_twice_is_answered_as_already_done() {
    let alertar = AlertarIngesta {
        motivo: muestra::motivo(),
        fecha: fecha(),
    };
    dado(EstadoIngesta::Alertada)
        .when(alertar.into())
        .then_expect_events(vec![]);
}

#[test]
fn the_state_keeps_when_it_began_when_it_changed_and_when_it_was_undone() {
    let tarde = "2025-03-02T08:00:00Z".parse().unwrap();
    let revertida = IngestaRevertida {
        motivo: muestra::motivo(),
        fecha_eliminacion: tarde,
    };
    let mut ingesta = muestra::en_estado(Some(EstadoIngesta::Pendiente));
    apply(&mut ingesta, revertida.into());
    let datos = ingesta.datos().unwrap();
    assert_eq!(datos.fecha_creacion, fecha());
    assert_eq!(datos.fecha_actualizacion, tarde);
    assert_eq!(datos.fecha_eliminacion, Some(tarde));
    assert_eq!(datos.motivo, Some(muestra::motivo()));

    let mut rechazada = muestra::en_estado(Some(EstadoIngesta::Creada));
    let motivos = vec![MotivoRechazo::UrlInvalida];
    apply(
        &mut rechazada,
        IngestaRechazada {
            motivos: motivos.clone(),
            fecha: tarde,
        }
        .into(),
    );
    let datos = rechazada.datos().unwrap();
    assert_eq!(
        (&datos.motivos, datos.fecha_actualizacion),
        (&motivos, tarde)
    );
    assert_eq!(datos.fecha_eliminacion, None, "a refusal removes nothing");
}

#[tokio::test]
async fn a_whole_life_through_the_framework_of_cqrs_es() {
    let store = MemStore::<Ingesta>::default();
    let cqrs = CqrsFramework::new(store.clone(), vec![], ());
    let id = muestra::INGESTA;
    cqrs.execute(id, muestra::crear().into()).await.unwrap();
    cqrs.execute(id, IniciarProceso { fecha: fecha() }.into())
        .await
        .unwrap();
    cqrs.execute(id, IniciarProceso { fecha: fecha() }.into())
        .await
        .unwrap();
    cqrs.execute(id, FinalizarIngesta { fecha: fecha() }.into())
        .await
        .unwrap();

    let again = cqrs.execute(id, muestra::crear().into()).await;
    let Err(AggregateError::UserError(error)) = again else {
        panic!("created twice");
    };
    assert_eq!(
        error,
        IngestaError::IngestaYaExiste {
            estado: EstadoIngesta::Finalizada
        }
    );
    assert_eq!(
        store.load_events(id).await.unwrap().len(),
        3,
        "a repeat stores nothing"
    );
    let mut ingesta = store.load_aggregate(id).await.unwrap();
    assert_eq!(
        ingesta.aggregate().estado(),
        Some(EstadoIngesta::Finalizada)
    );
}

fn crear_imagen() -> CrearImagen {
    CrearImagen {
        id_ingesta: muestra::id_ingesta(),
        url_path: muestra::url(),
        hechos: muestra::hechos(),
        fecha: fecha(),
    }
}

#[test]
fn an_image_is_created_once_and_undone_once() {
    let [verificada, rechazada, revertida] = muestra::eventos_imagen().try_into().unwrap();
    let dado = |eventos| TestFramework::<Imagen>::with(()).given(eventos);
    let revertir = || RevertirImagen { fecha: fecha() }.into();

    dado(vec![])
        .when(crear_imagen().into())
        .then_expect_events(vec![verificada.clone()]);
    dado(vec![verificada.clone()])
        .when(crear_imagen().into())
        .then_expect_events(vec![]);
    dado(vec![])
        .when(revertir())
        .then_expect_error(ImagenError::ImagenNoExiste);
    for veredicto in [verificada.clone(), rechazada] {
        dado(vec![veredicto])
            .when(revertir())
            .then_expect_events(vec![revertida.clone()]);
    }
    let deshecha = vec![verificada, revertida];
    dado(deshecha.clone())
        .when(revertir())
        .then_expect_events(vec![]);
    dado(deshecha)
        .when(crear_imagen().into())
        .then_expect_events(vec![]);
}

#[test]
fn an_image_belongs_to_one_ingesta() {
    let otra = uuid::Uuid::nil().into();
    TestFramework::<Imagen>::with(())
        .given(vec![muestra::eventos_imagen()[0].clone()])
        .when(
            CrearImagen {
                id_ingesta: otra,
                ..crear_imagen()
            }
            .into(),
        )
        .then_expect_error_message("la imagen pertenece a otra ingesta");
}

#[test]
fn the_id_of_an_image_is_a_function_of_its_ingesta_for_ever() {
    let id = IdImagen::de_ingesta(muestra::id_ingesta());
    assert_eq!(id, IdImagen::de_ingesta(muestra::id_ingesta()));
    // Another value here would give every stored ingesta a second image.
    assert_eq!(id.to_string(), "1a222e2a-d48d-530e-bd15-7a56e1be5b53");
    assert_ne!(id, IdImagen::de_ingesta(IdIngesta::from(uuid::Uuid::nil())));
}

#[test]
fn an_image_reacts_to_the_beginning_and_to_the_failure_of_its_ingesta() {
    let comandos: Vec<_> = muestra::eventos()
        .iter()
        .filter_map(|evento| reaccion(muestra::id_ingesta(), evento, fecha()))
        .collect();
    let esperados: Vec<ImagenCommand> = vec![
        crear_imagen().into(),
        RevertirImagen { fecha: fecha() }.into(),
    ];
    assert_eq!(comandos, esperados);
}

#[test]
fn the_state_of_an_image_follows_its_events() {
    let mut imagen = Imagen::default();
    assert_eq!(imagen.estado(), None);
    for (evento, estado) in muestra::eventos_imagen()
        .into_iter()
        .zip(EstadoImagen::TODOS)
    {
        ingesta_domain::imagen::apply(&mut imagen, evento);
        assert_eq!(imagen.estado(), Some(estado));
    }
    let huerfano = ImagenRevertida {
        id_ingesta: muestra::id_ingesta(),
        fecha: fecha(),
    };
    let mut nada = Imagen::default();
    ingesta_domain::imagen::apply(&mut nada, huerfano.into());
    assert_eq!(
        nada,
        Imagen::default(),
        "an undoing of nothing leaves nothing"
    );
}
