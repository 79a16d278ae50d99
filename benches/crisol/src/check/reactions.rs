//! Each event that causes a command of the server's own has caused it, exactly once.
//!
//! The server names such a command by the event, `subscription/type/id/sequence`, so the log itself
//! tells. Where the run was cut off before the quiet, what is missing here is also behind there.

use std::collections::HashMap;

use super::Findings;
use super::operations::name;
use crate::store::Store;

pub(super) fn check(store: &Store, findings: &mut Findings) {
    let mut commands: HashMap<&str, u32> = HashMap::new();
    for event in &store.events {
        if let Some(command) = event
            .command_id
            .as_deref()
            .filter(|it| !it.starts_with("http/"))
        {
            *commands.entry(command).or_default() += 1;
        }
    }
    for (command, times) in &commands {
        if *times > 1 {
            findings
                .doubled
                .push(format!("the reaction {command} happened {times} times"));
        }
    }
    for event in &store.events {
        let subscription = match event.event_type.as_str() {
            "IngestaCreada" | "IngestaRevertida" => "imagenes",
            "ImagenRechazada" => "ingestas",
            _ => continue,
        };
        let (kind, id, sequence) = (&event.aggregate_type, &event.aggregate_id, event.sequence);
        if !commands.contains_key(format!("{subscription}/{kind}/{id}/{sequence}").as_str()) {
            findings
                .lost
                .push(format!("the reaction of {subscription} to {}", name(event)));
        }
    }
}
