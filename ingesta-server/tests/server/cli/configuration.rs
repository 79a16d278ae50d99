//! Where values come from, and what is refused.

use serde_json::Value;

use super::support::{Ended, ingesta, open_folder, run};

#[track_caller]
fn value(ended: &Ended, key: &str) -> (Value, String) {
    let line = &ended.json()[0][key];
    (
        line["value"].clone(),
        line["source"].as_str().expect("a source").to_owned(),
    )
}

#[test]
fn flags_go_before_the_environment_before_the_file_before_defaults() {
    let folder = open_folder();
    let file = "listen = \"127.0.0.1:1001\"\nlog = \"debug\"\nbody_limit_bytes = 2048\n";
    std::fs::write(folder.path().join("a.toml"), file).expect("write");
    let mut command = ingesta(
        folder.path(),
        &["config", "print", "--json", "--listen", "127.0.0.1:1003"],
    );
    command
        .env("INGESTA_CONFIG", "a.toml")
        .env("INGESTA_LISTEN", "127.0.0.1:1002")
        .env("INGESTA_LOG", "warn")
        .env("INGESTA_DATA_DIR", "");
    let printed = run(&mut command).expect(0);
    let text = |value: &str, source: &str| (Value::from(value), source.to_owned());
    assert_eq!(
        value(&printed, "listen"),
        text("127.0.0.1:1003", "flag --listen")
    );
    assert_eq!(
        value(&printed, "log"),
        text("warn", "environment INGESTA_LOG")
    );
    assert_eq!(
        value(&printed, "body_limit_bytes"),
        text("2048", "file a.toml")
    );
    assert_eq!(value(&printed, "data_dir"), text("./.ingesta", "default"));
    assert_eq!(
        value(&printed, "database_url"),
        (Value::Null, "not set".to_owned())
    );
}

#[test]
fn an_unknown_variable_is_named_with_the_nearest_known_one() {
    let folder = open_folder();
    let mut command = ingesta(folder.path(), &["config", "print"]);
    let refused = run(command.env("INGESTA_DATADIR", "x")).expect(2);
    assert!(
        refused.stderr.contains("INGESTA_DATADIR"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("did you mean `INGESTA_DATA_DIR`"),
        "{}",
        refused.stderr
    );
}

#[test]
fn variables_of_the_tests_are_known() {
    let folder = open_folder();
    let mut command = ingesta(folder.path(), &["config", "print"]);
    run(command
        .env("INGESTA_TEST_ALLOW_SKIP", "1")
        .env("INGESTA_BLESS", "1"))
    .expect(0);
}

#[test]
fn an_unknown_key_of_the_file_is_named() {
    let folder = open_folder();
    std::fs::write(folder.path().join("a.toml"), "lisen = \"127.0.0.1:1\"").expect("write");
    let refused = run(&mut ingesta(
        folder.path(),
        &["--config", "a.toml", "config", "print"],
    ));
    let refused = refused.expect(2);
    assert!(
        refused.stderr.contains("unknown key `lisen` in a.toml"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("did you mean `listen`"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_value_that_cannot_be_used_is_refused_with_its_source() {
    let folder = open_folder();
    let mut command = ingesta(folder.path(), &["serve"]);
    let refused = run(command.env("INGESTA_LISTEN", "here")).expect(2);
    assert!(
        refused.stderr.contains("INGESTA_LISTEN"),
        "{}",
        refused.stderr
    );
    let refused = run(&mut ingesta(
        folder.path(),
        &["--log-format", "xml", "config", "print"],
    ));
    assert!(refused.expect(2).stderr.contains("text or json"));
}

#[test]
fn no_output_shows_a_password() {
    let folder = open_folder();
    let broken = "database_url = \"postgres://ana:s3cret@db/x\nlisten = 3";
    std::fs::write(folder.path().join("broken.toml"), broken).expect("write");
    let address = "postgres://ana:s3cret@127.0.0.1:1/x";
    let shown = |arguments: &[&str]| {
        let ended = run(ingesta(folder.path(), arguments).env("DATABASE_URL", address));
        let all = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!all.contains("s3cret"), "{all}");
        ended
    };
    assert!(
        shown(&["config", "print"])
            .expect(0)
            .stdout
            .contains("postgres://ana:***@")
    );
    shown(&["config", "print", "--json"]).expect(0);
    let kafka = "kafka_brokers = \"b:9092\"\nkafka_sasl_mechanism = \"plain\"\n\
                 kafka_sasl_user = \"ana\"\nkafka_sasl_password = \"s3cret\"\n\
                 kafka_schema_registry = \"http://ana:s3cret@registry:8081\"\n";
    std::fs::write(folder.path().join("kafka.toml"), kafka).expect("write");
    let printed = shown(&["--config", "kafka.toml", "config", "print"]).expect(0);
    assert!(printed.stdout.contains("http://ana:***@registry"));
    shown(&["--config", "broken.toml", "config", "print"]).expect(2);
    // Nobody listens there.
    shown(&["events", "tail"]).expect(4);
}

#[test]
fn an_address_that_is_none_is_a_mistake_of_the_configuration() {
    let folder = open_folder();
    for address in ["nonsense", "mysql://ana:s3cret@127.0.0.1:1/x"] {
        let refused = run(&mut ingesta(
            folder.path(),
            &["--database-url", address, "events", "tail"],
        ))
        .expect(2);
        assert!(refused.stderr.contains("postgres://"), "{}", refused.stderr);
        assert!(!refused.stderr.contains("s3cret"), "{}", refused.stderr);
    }
    let away = "postgres://ana:s3cret@127.0.0.1:1/x";
    let refused = run(&mut ingesta(
        folder.path(),
        &["--database-url", away, "events", "tail"],
    ))
    .expect(4);
    assert!(
        refused.stderr.contains("refused"),
        "it says why: {}",
        refused.stderr
    );
}
