//! `ingesta config print`: what is configured, and where it was.
//!
//! Promises: every key is listed, in the same order always; passwords are masked.
//! Does not: show variables that other programs read.

use serde_json::json;

use super::args::ConfigCommand;
use super::exit::Exit;
use super::out::Out;
use crate::config::Config;

pub(super) fn run(config: &Config, command: &ConfigCommand, out: &Out) -> Exit {
    let ConfigCommand::Print = command;
    let mut rows = Vec::new();
    let mut values = serde_json::Map::new();
    for (key, setting) in config.settings() {
        let value = setting.as_ref().map(|setting| setting.value.clone());
        let source = setting
            .as_ref()
            .map_or("not set".to_owned(), |s| s.source.to_string());
        let variables = key.variables;
        let entry = json!({ "value": value, "source": source, "environment": variables });
        values.insert(key.name.to_owned(), entry);
        let shown = value.unwrap_or_else(|| "-".to_owned());
        rows.push(vec![
            key.name.to_owned(),
            shown,
            source,
            key.about.to_owned(),
        ]);
    }
    out.table(&["KEY", "VALUE", "FROM", "ABOUT"], &rows);
    out.json(&values);
    Exit::Done
}
