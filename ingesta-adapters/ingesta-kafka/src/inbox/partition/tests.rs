//! A partition's lanes, its giving up, its pauses.

use super::*;

fn message(offset: i64, key: &str, bytes: usize) -> IncomingMessage {
    IncomingMessage {
        topic: "t".to_owned(),
        partition: 0,
        offset,
        key: Some(key.as_bytes().to_vec()),
        value: Some(vec![0; bytes]),
        headers: Vec::new(),
        timestamp: None,
    }
}

fn partition() -> Arc<Partition> {
    Arc::new(Partition::new(("t".to_owned(), 0)))
}

#[test]
fn a_lane_has_one_worker_until_it_is_empty() {
    let partition = partition();
    let a = partition.take_in(message(0, "a", 1)).expect("a new lane");
    assert!(partition.take_in(message(1, "a", 1)).is_none());
    let b = partition.take_in(message(2, "b", 1)).expect("another lane");
    let offset = |key| partition.next(key).map(|held| held.message.offset);
    assert_eq!(
        (offset(&a), offset(&b), offset(&a)),
        (Some(0), Some(2), Some(1))
    );
    assert_eq!(offset(&a), None);
    assert!(
        partition.take_in(message(3, "a", 1)).is_some(),
        "its worker has left"
    );
}

#[test]
fn given_up_it_closes_the_run_and_begins_nothing_new() {
    let partition = partition();
    let a = partition.take_in(message(0, "a", 1)).expect("a lane");
    let b = partition.take_in(message(1, "b", 1)).expect("a lane");
    let c = partition.take_in(message(2, "c", 1)).expect("a lane");
    let second = partition.next(&b).expect("it is there");
    let running = partition.begin(second.ticket).expect("its turn");
    partition.give_up();
    assert!(partition.next(&c).is_none(), "nothing had begun after it");
    let first = partition.next(&a).expect("something had begun after it");
    partition.finish(second.ticket);
    drop(running);
    assert!(partition.is_busy(), "there is a hole in the run");
    drop(partition.begin(first.ticket).expect("it closes the hole"));
    partition.finish(first.ticket);
    assert!(!partition.is_busy());
    assert_eq!(partition.advance(), Some(1));
}

#[test]
fn given_up_it_does_not_wait_for_what_is_left_to_the_next_owner() {
    let partition = partition();
    let a = partition.take_in(message(0, "a", 1)).expect("a lane");
    let b = partition.take_in(message(1, "b", 1)).expect("a lane");
    let first = partition.next(&a).expect("it is there");
    let second = partition.next(&b).expect("it is there");
    let running = partition.begin(second.ticket).expect("its turn");
    let c = partition.take_in(message(2, "c", 1)).expect("a lane");
    let third = partition.next(&c).expect("it is there");
    partition.give_up();
    partition.leave(third.ticket);
    assert!(partition.next(&b).is_none());
    drop(
        partition
            .begin(first.ticket)
            .expect("the third had no turn"),
    );
    partition.leave(first.ticket);
    assert!(partition.begin(first.ticket).is_none());
    assert!(partition.is_busy(), "the second is under way");
    drop(running);
    assert!(!partition.is_busy());
}

#[test]
fn it_pauses_when_full_and_goes_on_when_half_full() {
    let partition = partition();
    let mut open = VecDeque::new();
    for offset in 0..4 {
        assert_eq!(partition.wants_pause(4, 1_000), None);
        let key = partition
            .take_in(message(offset, "a", 1))
            .or(Some(Some(b"a".to_vec())));
        open.extend(partition.next(&key.expect("a key")));
    }
    assert_eq!(partition.wants_pause(4, 1_000), Some(true));
    let mut finish = |count: usize| {
        for held in open.drain(..count) {
            partition.finish(held.ticket);
        }
        partition.advance();
    };
    finish(1);
    assert_eq!(
        partition.wants_pause(4, 1_000),
        None,
        "still more than half"
    );
    finish(1);
    assert_eq!(partition.wants_pause(4, 1_000), Some(false));
}

#[test]
fn bytes_fill_it_as_well_and_so_does_a_retry() {
    let partition = partition();
    let key = partition.take_in(message(0, "a", 500)).expect("a lane");
    assert_eq!(partition.wants_pause(100, 500), Some(true));
    let held = partition.next(&key).expect("it is there");
    partition.finish(held.ticket);
    assert_eq!(partition.wants_pause(100, 500), Some(false));
    partition.retry_begins(held.ticket);
    assert_eq!(partition.wants_pause(100, 500), Some(true));
    partition.retry_ends(held.ticket);
    assert_eq!(partition.wants_pause(100, 500), Some(false));
}
