//! `ingesta schemas`: what is printed is what is committed, and a registry is told no more and no
//! less than it must be.

use ingesta_kafka::schema::value_subject;
use ingesta_server::mensajes::Esquema;
use serde_json::Value;

use super::support::{Ended, ingesta, open_folder, run};
use crate::registro::{REASON, Registro};

/// Runs it in an empty folder, without a database.
async fn schemas(arguments: &[&str]) -> Ended {
    configured(arguments, &[]).await
}

/// As [`schemas`], with these variables.
async fn configured(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let arguments: Vec<_> = ["schemas"].iter().chain(arguments).copied().collect();
    let folder = open_folder();
    let mut command = ingesta(folder.path(), &arguments);
    command
        .env_remove("KAFKA_BROKERS")
        .envs(variables.iter().copied());
    let ended = tokio::task::spawn_blocking(move || run(&mut command)).await;
    ended.expect("it ran")
}

fn subjects() -> Vec<String> {
    let all = Esquema::TODOS.into_iter();
    all.map(|schema| value_subject(schema.topic())).collect()
}

fn outcomes(ended: &Ended) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let lines = ended.json().into_iter();
    lines
        .map(|line| (text(&line["subject"]), text(&line["event"])))
        .collect()
}

#[tokio::test]
async fn a_printed_schema_is_the_committed_file() {
    for (format, ending) in [("avro", "avsc"), ("json", "json")] {
        let name = "evento-fallo-ingesta";
        let printed = schemas(&["print", name, "--format", format])
            .await
            .expect(0);
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/v1");
        let file = std::fs::read_to_string(format!("{folder}/{name}.1.{ending}"));
        assert_eq!(printed.stdout, file.expect("committed"));
    }
    let all = schemas(&["print", "--json"]).await.expect(0).json();
    let found: Vec<_> = all.iter().map(|line| line["subject"].clone()).collect();
    assert_eq!(found, subjects());
    assert!(all.iter().all(|line| line["schema"]["fields"].is_array()));
}

#[tokio::test]
async fn a_topic_without_a_schema_is_refused_with_those_that_have_one() {
    let refused = schemas(&["print", "eventos-ingestas"]).await.expect(2);
    assert!(
        refused.stderr.contains("eventos-ingesta,"),
        "{}",
        refused.stderr
    );
    assert_eq!(refused.stdout, "");
}

#[tokio::test]
async fn b_70_schemas_are_registered_once_under_the_rule_that_holds_here() {
    let registro = Registro::start().await;
    let push = ["push", "--registry", &registro.url, "--json"];
    let first = schemas(&push).await.expect(0);
    let as_told = |told: &str| -> Vec<_> {
        let all = subjects().into_iter();
        all.map(|subject| (subject, told.to_owned())).collect()
    };
    assert_eq!(outcomes(&first), as_told("registered"));
    assert_eq!(registro.subjects(), subjects());
    for subject in subjects() {
        assert_eq!(registro.rule(&subject), Some("FULL_TRANSITIVE".into()));
    }
    let second = schemas(&push).await.expect(0);
    assert_eq!(outcomes(&second), as_told("there"));
    assert_eq!(registro.subjects(), subjects(), "nothing came twice");
    let number =
        |ended: &Ended| -> Vec<_> { ended.json().iter().map(|line| line["id"].clone()).collect() };
    assert_eq!(number(&first), number(&second));

    let told = schemas(&["push", "--registry", &registro.url, "--prefix", "b."])
        .await
        .expect(0);
    let number = Esquema::TODOS.len() + 1;
    let expected = format!("b.eventos-ingesta-value v1, revision 1: registered as {number}");
    assert!(told.stdout.contains(&expected), "{}", told.stdout);
}

#[tokio::test]
async fn b_70_what_the_registry_refuses_is_told_with_its_reason_and_keeps_no_other_back() {
    let registro = Registro::start().await;
    registro.refuse("eventos-imagen-value");
    let checked = schemas(&["check", "--registry", &registro.url])
        .await
        .expect(5);
    assert!(
        checked.stdout.contains("eventos-imagen-value"),
        "{}",
        checked.stdout
    );
    assert!(registro.subjects().is_empty(), "a check registers nothing");

    let pushed = schemas(&["push", "--registry", &registro.url])
        .await
        .expect(1);
    let line = pushed
        .stdout
        .lines()
        .find(|line| line.starts_with("eventos-imagen-value"));
    let line = line.expect("it is told");
    assert!(
        line.contains("incompatible") && line.contains(REASON),
        "{line}"
    );
    assert!(
        pushed.stderr.contains("1 not registered"),
        "{}",
        pushed.stderr
    );
    assert_eq!(registro.subjects().len(), Esquema::TODOS.len() - 1);
}

#[tokio::test]
async fn the_committed_schemas_pass_their_own_check() {
    let checked = schemas(&["check"]).await.expect(0);
    assert!(
        checked
            .stdout
            .starts_with(&format!("{} schemas, nothing breaks", Esquema::TODOS.len())),
        "{}",
        checked.stdout
    );
    let registro = Registro::start().await;
    let asked = schemas(&["check", "--registry", &registro.url, "--json"])
        .await
        .expect(0);
    assert_eq!(asked.event("summary")["findings"], 0);
}

#[tokio::test]
async fn a_registry_that_is_away_or_no_address_ends_it_and_shows_no_password() {
    // Nobody listens on this port anywhere.
    let nobody = "http://127.0.0.1:1";
    let away = schemas(&["push", "--registry", nobody]).await.expect(4);
    assert!(away.stderr.contains("did not answer"), "{}", away.stderr);
    for url in ["nowhere", "http://ana:s3cret@127.0.0.1:1"] {
        let refused = schemas(&["push", "--registry", url]).await.expect(2);
        assert!(!refused.stderr.contains("s3cret"), "{}", refused.stderr);
    }
}

#[tokio::test]
async fn registry_and_prefix_are_the_configured_ones_where_none_is_named() {
    let registro = Registro::start().await;
    let variables = [
        ("KAFKA_BROKERS", "127.0.0.1:1"),
        ("INGESTA_KAFKA_SCHEMA_REGISTRY", &*registro.url),
        ("INGESTA_KAFKA_PREFIX", "prueba."),
    ];
    let refused = schemas(&["push"]).await.expect(2);
    assert!(
        refused.stderr.contains("kafka_schema_registry"),
        "{}",
        refused.stderr
    );
    configured(&["push"], &variables).await.expect(0);
    let all = subjects().into_iter();
    let expected: Vec<_> = all.map(|subject| format!("prueba.{subject}")).collect();
    assert_eq!(registro.subjects(), expected);

    registro.refuse("prueba.eventos-imagen-value");
    configured(&["check"], &variables).await.expect(0);
    configured(&["check", "--registry"], &variables)
        .await
        .expect(5);
}
