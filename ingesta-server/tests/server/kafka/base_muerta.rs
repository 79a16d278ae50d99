//! A database that is killed while commands come from a topic.

use std::collections::BTreeSet;

use ingesta_server::mensajes::Esquema;
use ingesta_testing::eventually;
use serde_json::json;

use super::operador::topics_ready;
use super::stage::Stage;
use crate::cli::own_postgres::OwnPostgres;
use crate::cli::support::Server;
use crate::test_app::cuerpo_con;

const CREAR: Esquema = Esquema::ComandoCrearIngesta;
const KILLS: u32 = 3;
const EACH: u32 = 60;
const CREATED: &str = "select count(*) from events where event_type = 'IngestaCreada'";
const URLS: &str = "select payload -> 'IngestaCreada' ->> 'url_path' from events
                    where event_type = 'IngestaCreada'";

#[tokio::test(flavor = "multi_thread")]
async fn b_04_a_database_that_is_killed_loses_no_command_and_repeats_none() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let own = OwnPostgres::new();
    let mut command = own.serve();
    command.env("INGESTA_KAFKA_BROKERS", &stage.kafka.brokers);
    command.env("INGESTA_KAFKA_PREFIX", &stage.prefix);
    let server = Server::spawn(&mut command);
    topics_ready(&server).await;
    for round in 0..KILLS {
        for number in 0..EACH {
            let id = format!("{round}-{number}");
            let url = json!(format!("https://imagenes.example.org/{id}.dcm"));
            let body = cuerpo_con("url_path", url);
            stage.ordenar(CREAR, &id, &body).await;
        }
        // In the middle of them: some are stored, others are not.
        let least = i64::from(round * EACH + 1);
        eventually("some of them", async || {
            (own.ask(CREATED).await? >= least).then_some(())
        })
        .await;
        own.kill().await;
    }
    let all = i64::from(KILLS * EACH);
    eventually("all of them", async || {
        (own.ask(CREATED).await? >= all).then_some(())
    })
    .await;
    eventually("the group to have them behind it", async || {
        let (_, ready) = server.get("/readyz").await;
        let said = format!("{all} handled, 0 put aside");
        ready.to_string().contains(&said).then_some(())
    })
    .await;
    let urls: Vec<String> = sqlx::query_scalar(URLS)
        .fetch_all(&mut own.connect().await.expect("it runs"))
        .await
        .expect("the addresses");
    let distinct: BTreeSet<&String> = urls.iter().collect();
    assert_eq!((urls.len(), distinct.len()), (180, 180));
    assert!(stage.apartados(CREAR).await.is_empty());
    assert_eq!(server.terminate(), Some(0));
}
