//! A client in another language: `examples/python/sta.py`, run as an integrator runs it.
//!
//! Promises: it is told addresses and names of topics alone; what it prints is what is checked.

mod registro;
mod temas;

use ingesta_server::mensajes::Esquema;
use ingesta_testing::services::Python;
use serde_json::Value;

use super::stage::Stage;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/python/sta.py");
const PACKAGES: &str = include_str!("../../../../../examples/python/requirements.txt");

/// The program, and what it is always told.
struct Cliente {
    python: Python,
    brokers: String,
    prefix: String,
    registry: Option<String>,
}

/// A message as the program shows it.
#[derive(Debug)]
struct Mostrado {
    topic: String,
    partition: i64,
    key: String,
    headers: Value,
    value: Value,
    begins: Vec<u8>,
}

impl Mostrado {
    #[track_caller]
    fn of(line: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let bytes = line["begins"].as_array().expect("bytes").iter();
        let bytes = bytes.map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok()));
        Self {
            topic: text(&line["topic"]),
            partition: line["partition"].as_i64().expect("a number"),
            key: text(&line["key"]),
            headers: line["headers"].clone(),
            value: line["value"].clone(),
            begins: bytes.map(|byte| byte.expect("a byte")).collect(),
        }
    }

    #[track_caller]
    fn header(&self, name: &str) -> &str {
        let value = self.headers[name].as_str();
        value.unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// The id of its event.
    #[track_caller]
    fn id(&self) -> &str {
        self.header("ce_id")
    }
}

impl Cliente {
    /// `None` where there may be no Python, and there is none.
    async fn of(stage: &Stage, registry: Option<&str>) -> Option<Self> {
        let python = Python::with_or_skip(PACKAGES).await.expect("a Python")?;
        Some(Self {
            python,
            brokers: stage.kafka.brokers.clone(),
            prefix: stage.prefix.clone(),
            registry: registry.map(str::to_owned),
        })
    }

    /// Everything that stands on these topics: each partition in its order.
    async fn leer(&self, topics: &[String]) -> Vec<Mostrado> {
        let mut arguments = vec!["read"];
        arguments.extend(topics.iter().map(String::as_str));
        let lines = self.run(&arguments).await;
        lines.iter().map(Mostrado::of).collect()
    }

    /// Sends a command, by its id, and waits until the broker has it.
    async fn ordenar(&self, esquema: Esquema, id: &str, key: &str, data: &Value) {
        let topic = format!("{}{}", self.prefix, esquema.topic());
        let data = data.to_string();
        let arguments = ["send", &topic, key, "--id", id, "--data", &data];
        let sent = self.run(&arguments).await;
        assert_eq!(sent[0]["id"], id);
    }

    async fn run(&self, arguments: &[&str]) -> Vec<Value> {
        let mut command = self.python.command();
        command
            .arg(PROGRAM)
            .args(["--brokers", &self.brokers, "--prefix", &self.prefix]);
        if let Some(registry) = &self.registry {
            command.args(["--registry", registry]);
        }
        command.args(arguments);
        let ended = tokio::task::spawn_blocking(move || command.output()).await;
        let ended = ended.expect("it ran").expect("Python runs");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{arguments:?}: {said}");
        let printed = String::from_utf8(ended.stdout).expect("text");
        let lines = printed.lines();
        lines
            .map(|line| serde_json::from_str(line).expect("a JSON line"))
            .collect()
    }
}
