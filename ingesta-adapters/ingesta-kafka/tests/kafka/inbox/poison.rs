//! Messages that no second try can help, in the middle of good ones.

use ingesta_kafka::dead_letters::{DeadLetter, DeadLetterId, Which};
use ingesta_testing::eventually;

use super::stage::Line;
use super::{Probe, Stage};

async fn letters(stage: &Stage) -> Vec<DeadLetter> {
    let page = stage.dead_letters().list(&stage.topic, None, 100).await;
    let page = page.expect("the dead letters are listed");
    assert_eq!((page.next, page.unreadable), (None, 0));
    page.letters
}

fn line<'l>(key: &'l str, value: Option<&'l [u8]>) -> Line<'l> {
    Line {
        partition: 0,
        key: Some(key),
        value,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t_14_poison_of_every_kind_is_put_aside_and_its_neighbours_go_on() {
    let Some(stage) = Stage::new(1).await else {
        return;
    };
    // As much as a topic takes with default limits, so that the letter is larger than that.
    let large = vec![b'x'; 1_048_000];
    let poisons: [(&str, Option<&[u8]>); 6] = [
        ("not-text", Some(b"\xff\x00\xfe")),
        ("empty", Some(b"")),
        ("tombstone", None),
        ("not-a-number", Some(&large)),
        ("not-a-number", Some(b"odd")),
        ("handler-panicked", Some(b"panic")),
    ];
    let mut places = Vec::new();
    for (number, (_, poison)) in (0..).zip(&poisons) {
        let good = format!("{number}");
        stage.write(line("same", Some(good.as_bytes()))).await;
        places.push(stage.write(line("same", *poison)).await);
    }
    stage.write(line("same", Some(b"6"))).await;

    let probe = Probe::new();
    let member = stage.member(&probe);
    probe.until(7).await;
    assert_eq!(
        probe.of_key("same"),
        (0..7).collect::<Vec<_>>(),
        "in order, none missing"
    );
    let status = member.inbox.status();
    assert_eq!((status.dead_lettered, status.handled), (6, 7));

    let listed = letters(&stage).await;
    let found: Vec<_> = listed
        .iter()
        .map(|letter| (letter.code.as_str(), letter.id.offset))
        .collect();
    let wanted: Vec<_> = poisons.iter().map(|(code, _)| *code).zip(places).collect();
    assert_eq!(found, wanted);
    for (letter, (_, value)) in listed.iter().zip(&poisons) {
        assert_eq!(letter.value_bytes, value.map(<[u8]>::len));
        assert_eq!(
            (letter.group.as_str(), letter.replays),
            (stage.group.as_str(), 0)
        );
    }
    let end = stage.committed_end(13).await;
    assert_eq!(end, 13, "poison does not hold the partition back");
    assert!(member.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_04_a_refused_command_is_kept_and_replayed_when_it_can_be_handled() {
    let Some(stage) = Stage::new(1).await else {
        return;
    };
    stage
        .write_with(line("a", Some(b"odd")), Some("order-1"))
        .await;
    stage.write(line("a", Some(b"2"))).await;
    let probe = Probe::new();
    let member = stage.member(&probe);
    probe.until(1).await;
    let listed = letters(&stage).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].headers, ["ce_id"]);

    // Replayed too early it is refused again, and counts.
    let letters_of = stage.dead_letters();
    let one = Which::One(listed[0].id.clone());
    assert_eq!(letters_of.replay(&one).await.expect("it is replayed"), 1);
    let again = eventually("the second refusal", async || {
        let listed = letters(&stage).await;
        listed.into_iter().find(|letter| letter.replays == 1)
    });
    let again = again.await;
    assert_eq!(letters(&stage).await.len(), 1, "the first letter is gone");
    assert_ne!(again.id, listed[0].id);

    probe.lenient.send_replace(true);
    let all = Which::Topic(stage.topic.clone());
    assert_eq!(letters_of.replay(&all).await.expect("they are replayed"), 1);
    probe.until(2).await;
    let effects = probe.effects();
    let replayed = effects.last().expect("the replayed one");
    assert_eq!(
        (replayed.id.as_str(), replayed.number),
        ("order-1", 1_000_001)
    );
    assert_eq!(replayed.key.as_deref(), Some("a"));
    assert_eq!(probe.replayed(), ["2"], "unchanged but for the count");
    assert!(letters(&stage).await.is_empty());
    assert_eq!(letters_of.replay(&all).await.expect("nothing to do"), 0);
    assert!(member.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_05_an_undecodable_message_ends_no_consumer_now_nor_after_a_restart() {
    let Some(stage) = Stage::new(1).await else {
        return;
    };
    stage.write(line("a", Some(b"\xff"))).await;
    stage.write(line("b", Some(b"1"))).await;
    let first = Probe::new();
    let member = stage.member(&first);
    first.until(1).await;
    stage.write(line("a", Some(b"2"))).await;
    first.until(2).await;
    assert!(member.leave().await);

    let second = Probe::new();
    let member = stage.member(&second);
    stage.write(line("a", Some(b"3"))).await;
    second.until(1).await;
    assert_eq!(second.of_key("a"), [3], "the poison does not come again");
    assert_eq!(member.inbox.status().dead_lettered, 0);
    assert_eq!(letters(&stage).await.len(), 1);
    assert!(member.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_a_key_is_replayed_without_one() {
    let Some(stage) = Stage::new(1).await else {
        return;
    };
    let keyless = Line {
        partition: 0,
        key: None,
        value: Some(b"odd"),
    };
    stage.write(keyless).await;
    let probe = Probe::new();
    let member = stage.member(&probe);
    let listed = eventually("the dead letter", async || letters(&stage).await.pop());
    let listed = listed.await;
    assert_eq!(listed.key_bytes, None);
    probe.lenient.send_replace(true);
    let replayed = stage.dead_letters().replay(&Which::One(listed.id)).await;
    assert_eq!(replayed.expect("it is replayed"), 1);
    probe.until(1).await;
    assert_eq!(probe.effects()[0].key, None);
    assert!(member.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_not_there_is_neither_replayed_nor_discarded() {
    let Some(stage) = Stage::new(1).await else {
        return;
    };
    let nobody = Which::One(DeadLetterId {
        topic: stage.topic.clone(),
        partition: 0,
        offset: 7,
    });
    let letters = stage.dead_letters();
    assert_eq!(letters.replay(&nobody).await.expect("no error"), 0);
    assert_eq!(letters.discard(&nobody).await.expect("no error"), 0);
}
