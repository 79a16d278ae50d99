//! Names and passwords: the right one works, a wrong one is refused in words that repeat neither.

use std::sync::Arc;

use ingesta_kafka::connect::KafkaError;
use ingesta_kafka::dead_letters::DeadLetters;
use ingesta_kafka::inbox::{Fault, Inbox, InboxOptions};
use ingesta_kafka::producer::ProducerOptions;
use ingesta_kafka::relay::Relay;
use ingesta_kafka::topics::{TopicSpec, ensure};
use ingesta_kafka::transactional::{TransactionalOptions, TransactionalRelay};
use ingesta_testing::{PATIENCE, eventually};

use super::{
    PASSWORD, USER, allow_everything, both_ways, by_name, guarded, numbers, until_the_end,
};
use crate::inbox::Probe;
use crate::relay::support::{Copy, run};

#[tokio::test(flavor = "multi_thread")]
async fn with_a_name_and_its_password_messages_go_both_ways() {
    let Some(broker) = guarded().await else {
        return;
    };
    allow_everything(&broker, USER, "named-");
    both_ways(&by_name(&broker, PASSWORD), "named-way").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused_wherever_it_is_used_and_is_never_repeated() {
    const WRONG: &str = "n0t-this";
    let Some(broker) = guarded().await else {
        return;
    };
    let kafka = by_name(&broker, WRONG);
    let (shutdown, _end) = until_the_end();

    let refused = ensure(&kafka, &[TopicSpec::new("t", 1)], PATIENCE).await;
    let refused = KafkaError::from(refused.unwrap_err());
    assert!(
        matches!(refused, KafkaError::NotAuthenticated { .. }),
        "{refused:?}"
    );
    let mut texts = vec![format!("{refused} {refused:?}")];

    let (store, _) = numbers(1).await;
    let copy = || Copy { topic: "t".into() };
    let relay = Relay::new("plain", copy(), &kafka, ProducerOptions::default()).unwrap();
    let options = TransactionalOptions::default();
    let other = TransactionalRelay::new("other", copy(), store.clone(), &kafka, options);
    let other = other.unwrap();
    let gauges = [relay.gauges(), other.gauges()];
    let (runner, stop) = run(&store, Arc::new(relay), 1);
    let (second, stop_second) = run(&store, Arc::new(other), 1);
    for gauges in &gauges {
        let told = eventually("the refusal", async || {
            let error = gauges.read().last_error?;
            (error.kind == "not_authenticated").then_some(error)
        })
        .await;
        assert!(told.message.contains("identity"), "{}", told.message);
        texts.push(told.message);
    }
    let letters = DeadLetters::new(&kafka).unwrap();
    let refused = letters.list("t", None, 10).await.unwrap_err();
    let text = format!("{refused} {refused:?}");
    assert!(text.contains("NotAuthenticated"), "{text}");
    texts.push(text);
    let inbox = InboxOptions::new("g", ["t"]);
    let inbox = Inbox::new(&kafka, inbox, Probe::new()).unwrap();
    let inbox = inbox.spawn(shutdown.clone()).unwrap();
    eventually("the inbox's refusal", async || {
        let fault = inbox.status().last_error.map(|(fault, _)| fault);
        (fault == Some(Fault::Authentication)).then_some(())
    })
    .await;
    for text in texts {
        assert!(!text.contains(WRONG) && !text.contains(USER), "{text}");
    }
    for token in [&shutdown, &stop, &stop_second] {
        token.cancel();
    }
    runner.join().await;
    second.join().await;
    assert!(inbox.join().await);
}
