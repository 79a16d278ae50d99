//! Lists that are longer than a page, letters that are thrown away, and strangers among them.

use ingesta_kafka::dead_letters::{DeadLetter, Which, dead_topic};
use ingesta_testing::eventually;

use super::stage::Line;
use super::{Probe, Stage};

async fn pages(stage: &Stage, limit: usize) -> Vec<DeadLetter> {
    let (letters, mut all, mut after) = (stage.dead_letters(), Vec::new(), None);
    loop {
        let page = letters
            .list(&stage.topic, after, limit)
            .await
            .expect("a page");
        assert!(page.letters.len() <= limit);
        all.extend(page.letters);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

async fn refused(stage: &Stage, count: usize) {
    for number in 0..count {
        let partition = i32::try_from(number % 2).expect("small");
        let line = Line {
            partition,
            key: Some("k"),
            value: Some(b"odd"),
        };
        stage.write(line).await;
    }
    let member = stage.member(&Probe::new());
    let all = async || {
        let put_aside = member.inbox.status().dead_lettered;
        (put_aside == count as u64).then_some(())
    };
    eventually("all are put aside", all).await;
    assert!(member.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_together_are_the_whole_list_and_discarded_letters_are_gone() {
    let Some(stage) = Stage::new(2).await else {
        return;
    };
    assert!(
        pages(&stage, 10).await.is_empty(),
        "nothing was ever put aside"
    );
    refused(&stage, 7).await;
    let all = pages(&stage, 100).await;
    let places: Vec<_> = all
        .iter()
        .map(|letter| (letter.id.partition, letter.id.offset))
        .collect();
    assert_eq!(
        places,
        [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2)]
    );
    for limit in [1, 3, 7] {
        assert_eq!(pages(&stage, limit).await, all, "{limit}");
    }

    let letters = stage.dead_letters();
    let one = Which::One(all[2].id.clone());
    assert_eq!(letters.discard(&one).await.expect("it is discarded"), 1);
    assert_eq!(letters.discard(&one).await.expect("it is gone"), 0);
    for limit in [1, 3, 100] {
        let left = pages(&stage, limit).await;
        assert_eq!(left.len(), 6, "{limit}");
        assert!(!left.contains(&all[2]));
    }
    let rest = Which::Topic(stage.topic.clone());
    assert_eq!(letters.discard(&rest).await.expect("they are discarded"), 6);
    assert!(pages(&stage, 10).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_writes_among_dead_letters_is_counted_and_in_nobodys_way() {
    let Some(mut stage) = Stage::new(2).await else {
        return;
    };
    refused(&stage, 1).await;
    let dead = dead_topic(&stage.topic);
    let topic = std::mem::replace(&mut stage.topic, dead);
    let stranger = Line {
        partition: 0,
        key: Some("who/knows"),
        value: Some(b"what"),
    };
    stage.write(stranger).await;
    stage.topic = topic;
    let page = stage
        .dead_letters()
        .list(&stage.topic, None, 10)
        .await
        .expect("a page");
    assert_eq!((page.letters.len(), page.unreadable), (1, 1));
}
