//! What the database server does that the promises rest on.
//!
//! Promises: judges what it is given, and asks nobody, so that each judgement has a test.
//! Does not: judge speed.

use std::time::Duration;

use ingesta_event_store::{Blocker, Durability};
use serde_json::json;

use super::finding::{Finding, Severity};

/// A writing transaction that is older than this holds every follower up for too long.
const OLD: Duration = Duration::from_secs(10);

/// What a crash would take.
pub(super) fn judge(found: &Durability) -> Vec<Finding> {
    let error = |code, message, advice| Finding::new(Severity::Error, code, message, advice);
    let mut findings = Vec::new();
    if !found.fsync {
        findings.push(error(
            "fsync_off",
            "fsync is off: a crash of the machine can destroy the database",
            "set fsync = on in postgresql.conf and restart PostgreSQL",
        ));
    }
    if !found.full_page_writes {
        findings.push(error(
            "full_page_writes_off",
            "full_page_writes is off: a crash of the machine can leave torn pages",
            "set full_page_writes = on in postgresql.conf and reload",
        ));
    }
    if found.synchronous_commit == "off" {
        findings.push(error(
            "synchronous_commit_off",
            "synchronous_commit is off: a crash can take commands that were answered",
            "set synchronous_commit = on, for the server, the database and the role",
        ));
    }
    if found.standby {
        findings.push(error(
            "standby",
            "this is a standby: it takes no events and shows the log late",
            "give the address of the primary",
        ));
    }
    findings
}

/// What gets into the server's own log.
pub(super) fn parameters(logged: bool) -> Option<Finding> {
    let message = "PostgreSQL logs what is bound to statements, and personal data with it";
    let advice = "set log_parameter_max_length = 0 in postgresql.conf and reload";
    logged.then(|| Finding::new(Severity::Warning, "parameters_logged", message, advice))
}

/// What holds readers up.
pub(super) fn oldest_writer(oldest: Option<Blocker>) -> Option<Finding> {
    let oldest = oldest.filter(|writer| writer.age > OLD)?;
    let who = oldest
        .pid
        .map_or("a prepared transaction".to_owned(), |pid| {
            format!("pid {pid}")
        });
    let seconds = oldest.age.as_secs();
    let message = format!(
        "{who} ({}) in database {} has had a writing transaction open for {seconds} s, and no \
         follower passes it",
        oldest.state, oldest.database
    );
    let advice = "end it: pg_terminate_backend(pid), or rollback prepared";
    let about = json!({
        "pid": oldest.pid,
        "database": oldest.database,
        "state": oldest.state,
        "age_seconds": oldest.age.as_secs_f64(),
    });
    let finding = Finding::new(Severity::Warning, "old_writer", message, advice);
    Some(finding.about(about))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(found: &Durability) -> Vec<&'static str> {
        judge(found).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn each_setting_that_breaks_a_promise_is_found() {
        let good = Durability {
            fsync: true,
            full_page_writes: true,
            synchronous_commit: "on".to_owned(),
            standby: false,
        };
        assert_eq!(codes(&good), [""; 0]);
        for weaker in ["local", "remote_write", "remote_apply"] {
            let synchronous_commit = weaker.to_owned();
            let found = Durability {
                synchronous_commit,
                ..good.clone()
            };
            assert_eq!(codes(&found), [""; 0], "{weaker} is durable here");
        }
        let bad = Durability {
            fsync: false,
            full_page_writes: false,
            synchronous_commit: "off".to_owned(),
            standby: true,
        };
        let expected = [
            "fsync_off",
            "full_page_writes_off",
            "synchronous_commit_off",
            "standby",
        ];
        assert_eq!(codes(&bad), expected);
        assert!(judge(&bad).iter().all(|f| f.severity == Severity::Error));
    }

    #[test]
    fn a_server_that_logs_parameters_is_found() {
        assert!(parameters(false).is_none());
        let found = parameters(true).expect("a finding");
        assert_eq!(found.severity, Severity::Warning);
    }

    #[test]
    fn only_an_old_writer_is_found() {
        let writer = |seconds| {
            Some(Blocker {
                pid: None,
                database: "d".to_owned(),
                state: "prepared".to_owned(),
                age: Duration::from_secs(seconds),
            })
        };
        assert!(oldest_writer(None).is_none());
        assert!(oldest_writer(writer(10)).is_none());
        let found = oldest_writer(writer(11)).expect("a finding");
        assert!(found.message.starts_with("a prepared transaction"));
    }
}
