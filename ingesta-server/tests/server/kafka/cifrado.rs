//! TLS by configuration: the server's certificate is who it is, in both directions and on the command line.

use ingesta_server::mensajes::Esquema;
use ingesta_testing::services::{Authority, Door, Doors, Operation, OwnedBroker, Resource};
use serde_json::json;

use super::operador::{desk_on, topics_ready};
use super::stage::Stage;
use crate::cli::support::run;
use crate::test_app::{cuerpo, cuerpo_con};

const CREAR: Esquema = Esquema::ComandoCrearIngesta;
const PASSWORD: &str = "s3cret";

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_certificate_publishes_takes_commands_and_answers_an_operator() {
    let authority = Authority::new().expect("openssl");
    let doors = Doors {
        certificate: Some(authority.of_broker().expect("a certificate")),
        ..Doors::default()
    };
    let broker = OwnedBroker::start_guarded_or_skip(&doors).await;
    let Some(broker) = broker.expect("a broker") else {
        return;
    };
    let desk = desk_on(Stage::on(broker.address())).await;
    use Operation::{Create, Describe, IdempotentWrite, Read, Write};
    let topics = Resource::Topics(&desk.stage.prefix);
    let groups = Resource::Groups("sta-sub-");
    for (operation, what) in [
        (Create, topics),
        (Describe, topics),
        (Read, topics),
        (Write, topics),
        (Read, groups),
        (IdempotentWrite, Resource::Cluster),
    ] {
        broker.allow("CN=sta", operation, what).expect("allowed");
    }
    let own = authority.vouch_locked("sta", PASSWORD).expect("openssl");
    let text = |path: &std::path::Path| path.to_str().expect("text").to_owned();
    let door = broker.door(Door::Tls).expect("there is one");
    let (ca, certificate) = (text(&authority.certificate()), text(&own.certificate));
    let key = text(&own.key);
    let variables = [
        ("INGESTA_KAFKA_BROKERS", &*door),
        ("INGESTA_KAFKA_TLS_CA", &ca),
        ("INGESTA_KAFKA_TLS_CERT", &certificate),
        ("INGESTA_KAFKA_TLS_KEY", &key),
        ("INGESTA_KAFKA_TLS_KEY_PASSWORD", PASSWORD),
    ];
    let server = desk.serve_with(&variables);
    topics_ready(&server).await;
    desk.stage.ordenar(CREAR, "una", &cuerpo()).await;
    let wrong = cuerpo_con("url_path", json!("ftp://imagenes/x"));
    desk.stage.ordenar(CREAR, "otra", &wrong).await;
    desk.stage.leer(Esquema::EventosIngesta, 1).await;
    assert_eq!(desk.stage.codigos(CREAR, 1).await, ["url_invalida"]);
    let mut list = desk.command(&["dead-letters", "list", "--json"]);
    list.envs(variables);
    let listed = run(&mut list).expect(0);
    assert_eq!(listed.json()[0]["code"], "url_invalida");
    let printed = desk.command(&["config", "print"]).envs(variables).output();
    let printed = String::from_utf8(printed.expect("it runs").stdout).expect("text");
    assert!(printed.contains("kafka_tls_key_password"), "{printed}");
    assert!(!printed.contains(PASSWORD), "{printed}");
    assert_eq!(server.terminate(), Some(0));
}
