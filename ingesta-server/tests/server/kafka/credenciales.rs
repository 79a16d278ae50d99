//! A broker that asks who the server is: a name and a password by configuration, and permissions.

use ingesta_server::mensajes::{Esquema, Rutas};
use ingesta_testing::eventually;
use ingesta_testing::services::{Door, Doors, Operation, OwnedBroker, Resource};
use serde_json::{Value, json};

use super::operador::{Desk, desk_on, topics_ready};
use super::stage::Stage;
use crate::cli::support::{Server, run};
use crate::test_app::{cuerpo, cuerpo_con};

const USER: &str = "sta";
const PASSWORD: &str = "s3cret";
const CREAR: Esquema = Esquema::ComandoCrearIngesta;

struct Scene {
    broker: OwnedBroker,
    /// What it knows of Kafka comes through the door that asks nobody.
    desk: Desk,
    door: String,
}

/// `None` where tests without a broker are skipped by choice.
async fn scene() -> Option<Scene> {
    let doors = Doors {
        users: vec![(USER.to_owned(), PASSWORD.to_owned())],
        ..Doors::default()
    };
    let broker = OwnedBroker::start_guarded_or_skip(&doors).await;
    let broker = broker.expect("a broker")?;
    let door = broker.door(Door::Sasl).expect("there is one");
    let desk = desk_on(Stage::on(broker.address())).await;
    Some(Scene { broker, desk, door })
}

impl Scene {
    fn variables<'s>(&'s self, password: &'s str) -> [(&'s str, &'s str); 4] {
        [
            ("INGESTA_KAFKA_BROKERS", &self.door),
            ("INGESTA_KAFKA_SASL_MECHANISM", "plain"),
            ("INGESTA_KAFKA_SASL_USER", USER),
            ("INGESTA_KAFKA_SASL_PASSWORD", password),
        ]
    }

    #[track_caller]
    fn allow(&self, operations: &[Operation], topic: &str) {
        for operation in operations {
            let allowed = self.broker.allow(USER, *operation, Resource::Topic(topic));
            allowed.expect("the broker allows it");
        }
    }
}

/// Waits until readiness says this of a part of the server, which is ready all the same.
async fn says(server: &Server, name: &str, words: &str) {
    eventually(&format!("{name}: {words}"), async || {
        let (status, ready) = server.get("/readyz").await;
        let components = ready["components"].as_array()?;
        let said = |one: &Value| {
            let detail = one["detail"].as_str().unwrap_or_default();
            one["name"] == name && one["status"] == "degraded" && detail.contains(words)
        };
        (status == 200 && components.iter().any(said)).then_some(())
    })
    .await;
}

/// Waits until nothing is degraded.
async fn all_is_well(server: &Server) {
    eventually("all to be well", async || {
        let (_, ready) = server.get("/readyz").await;
        (!ready.to_string().contains("degraded")).then_some(())
    })
    .await;
}

async fn crear(server: &Server) -> String {
    let (status, answer) = server
        .post("/ingesta/crear-ingesta-comando", &cuerpo())
        .await;
    assert_eq!(status, 202, "{answer}");
    answer["id_ingesta"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_holds_nobody_up_and_loses_no_event() {
    const WRONG: &str = "n0t-this";
    let Some(scene) = scene().await else {
        return;
    };
    let server = scene.desk.serve_with(&scene.variables(WRONG));
    let id = crear(&server).await;
    for name in ["kafka", "integracion_ingesta"] {
        says(&server, name, "refuses this program's identity").await;
    }
    let (_, ready) = server.get("/readyz").await;
    assert!(!ready.to_string().contains(WRONG), "{ready}");
    let mut list = scene
        .desk
        .command(&["dead-letters", "list", "comando-crear-ingesta"]);
    list.envs(scene.variables(WRONG));
    let listed = tokio::task::spawn_blocking(move || run(&mut list)).await;
    let listed = listed.expect("it ran").expect(4);
    assert!(listed.stderr.contains("identity"), "{}", listed.stderr);
    assert!(!listed.stderr.contains(WRONG), "{}", listed.stderr);
    assert_eq!(server.terminate(), Some(0));

    let everywhere = Resource::Topics(&scene.desk.stage.prefix);
    for operation in [Operation::Create, Operation::Read, Operation::Write] {
        let allowed = scene.broker.allow(USER, operation, everywhere);
        allowed.expect("the broker allows it");
    }
    let server = scene.desk.serve_with(&scene.variables(PASSWORD));
    let told = scene.desk.stage.leer(Esquema::EventosIngesta, 1).await;
    assert_eq!(told[0].key, id);
    assert_eq!(server.terminate(), Some(0));
}

/// What making the topics lacks, then publishing; each is granted when it was named.
async fn publishing(scene: &Scene, server: &Server, rutas: &Rutas) {
    use Operation::{Create, Describe, Write};
    let first = &rutas.events()[0].topic;
    let lacks = format!("grant DESCRIBE on Topic {first}");
    says(server, "kafka", &lacks).await;
    scene.allow(&[Describe], first);
    let lacks = format!("grant CREATE on Cluster, or CREATE on Topic {first}");
    says(server, "kafka", &lacks).await;
    let events = rutas.events().iter().map(|ruta| &ruta.topic);
    let commands = rutas.commands().iter().map(|ruta| &ruta.topic);
    for topic in events.clone().chain(commands) {
        scene.allow(&[Describe, Create], topic);
    }
    topics_ready(server).await;
    let lacks = format!("grant WRITE on Topic {first}");
    says(server, "integracion_ingesta", &lacks).await;
    for topic in events {
        scene.allow(&[Write], topic);
    }
}

/// What taking commands lacks.
async fn reading(scene: &Scene, server: &Server, rutas: &Rutas) {
    let (topic, name) = (scene.desk.stage.topic(CREAR), CREAR.topic());
    let lacks = format!("grant READ on Group sta-sub-{topic}");
    says(server, name, &lacks).await;
    let groups = Resource::Groups("sta-sub-");
    let allowed = scene.broker.allow(USER, Operation::Read, groups);
    allowed.expect("the broker allows it");
    says(server, name, &format!("grant READ on Topic {topic}")).await;
    for ruta in rutas.commands() {
        scene.allow(&[Operation::Read], &ruta.topic);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_missing_permission_is_named_and_with_those_that_are_documented_all_works() {
    let Some(scene) = scene().await else {
        return;
    };
    let stage = &scene.desk.stage;
    let rutas = Rutas::default().with_prefix(&stage.prefix);
    let server = scene.desk.serve_with(&scene.variables(PASSWORD));
    let id = crear(&server).await;
    publishing(&scene, &server, &rutas).await;
    let told = stage.leer(Esquema::EventosIngesta, 1).await;
    assert_eq!(told[0].key, id);

    reading(&scene, &server, &rutas).await;
    let wrong = cuerpo_con("url_path", json!("ftp://imagenes/x"));
    stage.ordenar(CREAR, "mala", &wrong).await;
    stage.ordenar(CREAR, "buena", &cuerpo()).await;
    let dead = format!("{}.dead", stage.topic(CREAR));
    let lacks = format!("grant DESCRIBE on Topic {dead}");
    says(&server, CREAR.topic(), &lacks).await;
    scene.allow(&[Operation::Create, Operation::Write], &dead);
    assert_eq!(stage.codigos(CREAR, 1).await, ["url_invalida"]);
    let created = "select count(*) from events where event_type = 'IngestaCreada'";
    let ground = &scene.desk.ground;
    ground
        .eventually("the good command", async || {
            (ground.ask(created).await == 2).then_some(())
        })
        .await;
    all_is_well(&server).await;
    assert_eq!(server.terminate(), Some(0));
}
