//! What an operator can ask: how the relays stand, and what was put aside.

use ingesta_server::mensajes::Esquema;
use ingesta_testing::eventually;
use serde_json::{Value, json};

use super::stage::Stage;
use crate::cli::support::{Ended, Ground, Server, run};
use crate::test_app::{cuerpo, cuerpo_con};

const CREAR: Esquema = Esquema::ComandoCrearIngesta;

pub(super) struct Desk {
    pub(super) ground: Ground,
    pub(super) stage: Stage,
}

impl Desk {
    #[track_caller]
    pub(super) fn run(&self, arguments: &[&str]) -> Ended {
        run(self
            .command(arguments)
            .env("INGESTA_KAFKA_BROKERS", &self.stage.kafka.brokers))
    }

    pub(super) fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.ground.command(arguments);
        command.env("INGESTA_KAFKA_PREFIX", &self.stage.prefix);
        command
    }

    pub(super) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// With these variables besides.
    pub(super) fn serve_with(&self, variables: &[(&str, &str)]) -> Server {
        let arguments = ["serve", "--migrate", "--json", "--listen", "127.0.0.1:0"];
        let mut command = self.command(&arguments);
        command.env("INGESTA_KAFKA_BROKERS", &self.stage.kafka.brokers);
        Server::spawn(command.envs(variables.iter().copied()))
    }
}

pub(super) async fn desk() -> Option<Desk> {
    Some(desk_on(Stage::new().await?).await)
}

pub(super) async fn desk_on(stage: Stage) -> Desk {
    let ground = Ground::new().await;
    Desk { ground, stage }
}

pub(super) async fn topics_ready(server: &Server) {
    eventually("the topics", async || {
        let (_, ready) = server.get("/readyz").await;
        ready
            .to_string()
            .contains("its topics are there")
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_listed_without_data_replayed_and_discarded() {
    let Some(desk) = desk().await else {
        return;
    };
    let server = desk.serve();
    topics_ready(&server).await;
    let secret = cuerpo_con("url_path", json!("ftp://secreto/x"));
    desk.stage.ordenar(CREAR, "a", &secret).await;
    desk.stage.ordenar(CREAR, "b", &secret).await;
    desk.stage.codigos(CREAR, 2).await;
    let listed = desk.run(&["dead-letters", "list", "--json"]).expect(0);
    assert!(!listed.stdout.contains("secreto"), "{}", listed.stdout);
    let lines = listed.json();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|line| line["code"] == "url_invalida"));
    let name = lines[0]["name"].as_str().expect("a name");
    let plain = desk.run(&["dead-letters", "list"]).expect(0);
    assert!(plain.stdout.contains(name), "{}", plain.stdout);

    // Still no address: it comes back, counted.
    let replayed = desk
        .run(&["dead-letters", "replay", name, "--json"])
        .expect(0);
    assert_eq!(replayed.json()[0]["replayed"], 1);
    eventually("the letter to come back", async || {
        let letters = desk.stage.apartados(CREAR).await;
        letters
            .iter()
            .any(|letter| letter.replays == 1)
            .then_some(())
    })
    .await;
    desk.run(&["dead-letters", "replay", name]).expect(1);

    let topic = desk.stage.topic(CREAR);
    let unsure = desk.run(&["dead-letters", "discard", &topic]).expect(2);
    assert!(unsure.stderr.contains("--yes"), "{}", unsure.stderr);
    let gone = desk
        .run(&["dead-letters", "discard", &topic, "--yes", "--json"])
        .expect(0);
    assert_eq!(gone.json()[0]["discarded"], 2);
    assert!(
        desk.run(&["dead-letters", "list", "--json"])
            .expect(0)
            .json()
            .is_empty()
    );
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_of_events_are_listed_where_they_are_read() {
    const EVENTOS: Esquema = Esquema::EventosIngesta;
    let Some(desk) = desk().await else {
        return;
    };
    let by_topic = |arguments: &[&str]| {
        let mut command = desk.command(arguments);
        command.env("INGESTA_KAFKA_IMAGENES", "topico");
        command.env("INGESTA_KAFKA_BROKERS", &desk.stage.kafka.brokers);
        command
    };
    let serve = ["serve", "--migrate", "--json", "--listen", "127.0.0.1:0"];
    let server = Server::spawn(&mut by_topic(&serve));
    topics_ready(&server).await;
    desk.stage.escribir(EVENTOS, "k", None).await;
    desk.stage.codigos(EVENTOS, 1).await;
    let listed = run(&mut by_topic(&["dead-letters", "list", "--json"])).expect(0);
    let listed = listed.json();
    let topics: Vec<_> = listed.iter().map(|line| &line["topic"]).collect();
    assert_eq!(topics, [&desk.stage.topic(EVENTOS)]);
    // To the others it is no topic that they read.
    let others = desk.run(&["dead-letters", "list", "--json"]).expect(0);
    assert!(others.json().is_empty());
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relays_tell_how_they_stand() {
    let Some(desk) = desk().await else {
        return;
    };
    let server = desk.serve();
    topics_ready(&server).await;
    let body = cuerpo();
    desk.stage.ordenar(CREAR, "una", &body).await;
    desk.stage.leer(Esquema::EventosIngesta, 1).await;
    let ingesta = |lines: Vec<Value>| {
        let found = lines
            .into_iter()
            .find(|line| line["name"] == "integracion_ingesta");
        found.expect("the relay")
    };
    let line = desk
        .ground
        .eventually("the relay to have published all", async || {
            let status = ["relay", "status", "--json", "--url", &server.url];
            let line = ingesta(desk.run(&status).expect(0).json());
            let done = line["lag_events"] == 0 && line["acknowledged"] == 1;
            done.then_some(line)
        })
        .await;
    assert_eq!(
        (&line["state"], &line["in_flight"]),
        (&json!("running"), &json!(0))
    );
    assert_eq!(line["last_error"], Value::Null);
    assert_eq!(server.terminate(), Some(0));
    // Nobody answers any more: the place in the log is known still.
    let status = ["relay", "status", "--json", "--url", "http://127.0.0.1:9"];
    let line = ingesta(desk.run(&status).expect(0).json());
    assert_eq!(line["in_flight"], Value::Null);
    assert_eq!(line["lag_events"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stands_by_says_so_and_has_no_figures_of_its_own() {
    let Some(desk) = desk().await else {
        return;
    };
    let first = desk.serve();
    topics_ready(&first).await;
    let second = desk.serve();
    topics_ready(&second).await;
    let of = |server: &Server| {
        let status = ["relay", "status", "--json", "--url", &server.url];
        let lines = desk.run(&status).expect(0).json();
        let mut lines = lines.into_iter();
        let found = lines.find(|line| line["name"] == "integracion_ingesta");
        found.expect("the relay")
    };
    let stands_by = |line: &Value| {
        let said = line["standing"].as_str().unwrap_or_default();
        said.starts_with("standing by")
    };
    let (at_work, standby) = desk
        .ground
        .eventually("one to work and one to stand by", async || {
            let (one, other) = (of(&first), of(&second));
            match (stands_by(&one), stands_by(&other)) {
                (false, true) if one["in_flight"] == 0 => Some((one, other)),
                (true, false) if other["in_flight"] == 0 => Some((other, one)),
                _ => None,
            }
        })
        .await;
    assert_eq!(at_work["acknowledged"], 0);
    for figure in ["in_flight", "acknowledged", "last_error"] {
        assert_eq!(standby[figure], Value::Null, "{figure}");
    }
    // Where the relay is, is the database's to say, whoever is asked.
    assert_eq!(standby["owner"], at_work["owner"]);
    assert_eq!(standby["lag_events"], 0);
    for server in [first, second] {
        assert_eq!(server.terminate(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_the_commands_say_what_to_set() {
    let ground = Ground::new().await;
    let refused = ground.run(&["dead-letters", "list"]).expect(2);
    assert!(
        refused.stderr.contains("KAFKA_BROKERS"),
        "{}",
        refused.stderr
    );
    let mut away = ground.command(&["dead-letters", "list", "t"]);
    let away = run(away.env("KAFKA_BROKERS", "127.0.0.1:9"));
    assert_eq!(away.code, Some(4), "{}", away.stderr);
    ground.run(&["dead-letters", "replay", "t/1"]).expect(2);
}
