//! The topics that the server makes: as they are asked for, and otherwise as the brokers are set.

use std::time::Duration;

use ingesta_kafka::topics::{Copies, TopicSpec, Was, ensure};
use ingesta_server::AppOptions;
use ingesta_server::app::Messaging;
use ingesta_server::mensajes::Esquema;
use ingesta_testing::PATIENCE;

use super::stage::Stage;
use crate::test_app::{TestApp, options};

const ELIMINAR: Esquema = Esquema::ComandoEliminarIngesta;

/// How the topics of a server differ from what is asked for.
async fn differences(stage: &Stage, specs: &[TopicSpec]) -> Vec<String> {
    let ensured = ensure(&stage.kafka, specs, PATIENCE).await;
    let ensured = ensured.expect("the broker answers");
    assert!(
        ensured.iter().all(|topic| topic.was == Was::There),
        "{ensured:?}"
    );
    let differences = ensured.iter().flat_map(|topic| &topic.differences);
    differences.map(ToString::to_string).collect()
}

#[tokio::test]
async fn topics_and_those_of_dead_letters_are_as_safe_and_kept_as_long_as_is_said() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let copies = Copies {
        replication: Some(1),
        min_insync: Some(1),
    };
    let retention = Some(Duration::from_secs(40 * 24 * 3600));
    let messaging = Messaging {
        copies,
        retention,
        ..stage.messaging()
    };
    let app = TestApp::start_with(AppOptions {
        messaging: Some(messaging.clone()),
        ..options()
    })
    .await;
    stage.topics_ready(&app).await;
    // Poison makes the topic of dead letters.
    stage
        .escribir(ELIMINAR, "k", Some(b"poison".to_vec()))
        .await;
    stage.codigos(ELIMINAR, 1).await;
    let kept = |spec: TopicSpec| TopicSpec {
        retention,
        ..spec.with_copies(copies)
    };
    let specs: Vec<_> = messaging.rutas.topics(2).into_iter().map(kept).collect();
    assert_eq!(differences(&stage, &specs).await, Vec::<String>::new());
    let needed = Copies {
        min_insync: Some(2),
        ..Copies::default()
    };
    let dead = TopicSpec {
        cleanup: ingesta_kafka::topics::Cleanup::Compact,
        ..TopicSpec::new(format!("{}.dead", stage.topic(ELIMINAR)), 1)
    };
    assert_eq!(
        differences(&stage, std::slice::from_ref(&dead)).await,
        Vec::<String>::new()
    );
    // What is looked at is really looked at.
    let other: Vec<_> = [specs[0].clone(), dead]
        .map(|spec| spec.with_copies(needed))
        .into();
    let told = differences(&stage, &other).await;
    assert_eq!(told, ["min.insync.replicas is 1 instead of 2"; 2]);
    app.app.stop().await;
}
