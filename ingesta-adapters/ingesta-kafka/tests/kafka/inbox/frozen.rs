//! A member in a process of its own that is frozen for longer than a session, and then goes on.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use ingesta_kafka::inbox::InboxOptions;
use ingesta_testing::eventually;

use super::{Probe, Stage};

/// What the other process reads: brokers, topic and group.
const TASK: &str = "INGESTA_KAFKA_TEST_MEMBER";

/// The other process runs this. Without a task it has nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn member() {
    let Ok(task) = std::env::var(TASK) else {
        return;
    };
    let words: Vec<_> = task.split(' ').collect();
    let stage = Stage::existing(words[0], words[1], words[2]);
    let probe = Probe::new();
    let options = InboxOptions {
        // What it finishes is noted, and not committed before it is frozen.
        commit_every: Duration::from_secs(600),
        ..stage.options()
    };
    let member = stage.member_with(options, &probe);
    probe.until(10).await;
    probe.hold_after.send_replace(true);
    println!("\nfinished");
    probe.until(11).await;
    println!("\nhanging");
    let lost = async || (member.inbox.status().lost == 1).then_some(());
    eventually("its partition is lost", lost).await;
    assert_eq!(probe.under_way(), 0, "what was under way was dropped");
    println!("\nlost");
    assert!(member.leave().await);
}

/// Killed when the test is over, however it ends.
struct Other {
    process: Child,
    said: BufReader<ChildStdout>,
}

impl Other {
    fn start(stage: &Stage) -> Self {
        let task = [&stage.kafka.brokers, &stage.topic, &stage.group].map(String::as_str);
        let mut process = Command::new(std::env::current_exe().expect("this binary"))
            .args(["--exact", "inbox::frozen::member", "--nocapture"])
            .env(TASK, task.join(" "))
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let said = BufReader::new(process.stdout.take().expect("its output is ours"));
        Self { process, said }
    }

    /// Reads until it says this word.
    async fn says(mut self, word: &'static str) -> Self {
        let listening = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            while line.trim() != word {
                line.clear();
                let read = self.said.read_line(&mut line).expect("it is text");
                assert_ne!(read, 0, "it ended without saying `{word}`");
            }
            self
        });
        listening.await.expect("it said so")
    }

    fn signal(&self, signal: &str) {
        let process = self.process.id().to_string();
        let sent = Command::new("kill").args([signal, &process]).status();
        assert!(sent.expect("kill is there").success());
    }

    async fn ends(mut self) {
        let waiting = tokio::task::spawn_blocking(move || self.process.wait());
        let ended = waiting.await.expect("nobody panics").expect("it is ours");
        assert!(ended.success(), "the other process failed");
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t_13_a_frozen_member_whose_partition_was_taken_commits_nothing_when_it_wakes() {
    let Some(stage) = Stage::new(1).await else {
        return;
    };
    stage.write_numbers(0..10, 1).await;
    let other = Other::start(&stage).says("finished").await;
    stage.write_numbers(10..20, 1).await;
    let other = other.says("hanging").await;
    other.signal("-STOP");

    // It has committed nothing, so whoever takes over begins at the beginning.
    let probe = Probe::new();
    let member = stage.member(&probe);
    probe.until(20).await;
    probe.assert_once_and_in_order(0..20);
    assert_eq!(stage.committed_end(20).await, 20);

    other.signal("-CONT");
    other.says("lost").await.ends().await;
    assert_eq!(stage.committed()[&0], 20, "the end did not go back");
    stage.write_numbers(20..25, 1).await;
    probe.until(25).await;
    assert!(member.leave().await);
}
