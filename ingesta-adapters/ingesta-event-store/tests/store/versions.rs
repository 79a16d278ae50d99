//! Which kinds of events the log holds, and how the server is set up.

use ingesta_event_store::{CommandContext, EventStorage};

use crate::support::{Add, Fixture, append};
use crate::trips::{GOLDEN, store};

#[tokio::test]
async fn every_type_and_version_is_listed_with_its_first_and_last_event() {
    let fixture = Fixture::migrated().await;
    assert_eq!(fixture.storage.stored_versions().await.unwrap(), []);
    store(&fixture.storage, "a", GOLDEN).await;
    store(&fixture.storage, "b", &GOLDEN[..2]).await;
    fixture.storage.append(append("c", 0, &[1])).await.unwrap();
    // What the store notes for itself is no event of anybody's.
    let named = CommandContext::default().idempotent("nothing to do", &1);
    let nothing = fixture.counters().execute("c", Add(vec![]), named).await;
    assert!(nothing.unwrap().already_done);

    let kinds = fixture.storage.stored_versions().await.unwrap();
    let listed: Vec<_> = kinds
        .iter()
        .map(|kind| {
            let of = (kind.aggregate_type.as_str(), kind.event_type.as_str());
            let ends = (kind.first.id(), kind.last.id());
            (of, kind.event_version.as_str(), kind.events, ends)
        })
        .collect();
    let ends = |first: &str, last: &str| (first.to_owned(), last.to_owned());
    let expected = [
        (
            ("Counter", "Added"),
            "1",
            1,
            ends("Counter/c/1", "Counter/c/1"),
        ),
        (("Trip", "Arrived"), "1", 1, ends("Trip/a/5", "Trip/a/5")),
        (("Trip", "Departed"), "1", 2, ends("Trip/a/1", "Trip/b/1")),
        (("Trip", "Departed"), "2", 1, ends("Trip/a/4", "Trip/a/4")),
        (("Trip", "Moved"), "1", 1, ends("Trip/a/3", "Trip/a/3")),
        (("Trip", "Pinged"), "1", 2, ends("Trip/a/2", "Trip/b/2")),
    ];
    assert_eq!(listed, expected);
    assert_eq!(kinds[5].first.payload, GOLDEN[1].2);
}

#[tokio::test]
async fn the_settings_are_those_of_this_programs_sessions() {
    let fixture = Fixture::migrated().await;
    let found = fixture.database.durability().await.unwrap();
    assert!(!found.standby);
    fixture
        .execute(
            "do $$ begin execute format('alter database %I set synchronous_commit = off',
                                        current_database()); end $$",
        )
        .await;
    let other = fixture.another().await;
    let found = other.database().durability().await.unwrap();
    assert_eq!(found.synchronous_commit, "off");
}
