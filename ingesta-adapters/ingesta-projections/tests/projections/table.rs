//! The table of a view: whose it is, what it looks like, and how it is read.

use ingesta_event_store::StoreError;
use ingesta_event_store::subscription::{ConsumeError, RunnerStatus, Subscriber};
use ingesta_projections::{PageQuery, ReadError, TableName, ViewTable};

use crate::accounts::{Balance, balances, deposit, recorded, table};
use crate::changes::{Closures, Tally};
use crate::place::{Place, quick};

#[track_caller]
fn refused(result: Result<(), StoreError>) -> String {
    match result {
        Err(StoreError::Refused { cause, .. }) => cause.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn prepared_again_and_by_four_at_once_it_is_one_table() {
    let place = Place::new().await;
    let (one, two) = (place.subscriber(balances()), place.subscriber(balances()));
    let (three, four) = (place.subscriber(balances()), place.subscriber(balances()));
    let all = tokio::join!(
        one.prepare(),
        two.prepare(),
        three.prepare(),
        four.prepare()
    );
    assert!(matches!(all, (Ok(()), Ok(()), Ok(()), Ok(()))), "{all:?}");
    one.prepare().await.unwrap();
    assert_eq!(one.view().count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_table_of_another_projection_is_refused() {
    let place = Place::new().await;
    place.subscriber(balances()).prepare().await.unwrap();
    let mut other = Closures::tally();
    other.table = table("balance_v1");
    let cause = refused(place.subscriber(other).prepare().await);
    assert!(cause.contains("belongs to something else"), "{cause}");
}

#[tokio::test]
async fn a_table_with_rows_of_nobody_knows_whom_is_refused() {
    let place = Place::new().await;
    place.subscriber(balances()).prepare().await.unwrap();
    place.sql("comment on table balance_v1 is null").await;
    place
        .sql("insert into balance_v1 (view_id, version, payload) values ('a', 1, '{}')")
        .await;
    let cause = refused(place.subscriber(balances()).prepare().await);
    assert!(cause.contains("holds rows and no mark"), "{cause}");
    place.sql("truncate balance_v1").await;
    place.subscriber(balances()).prepare().await.unwrap();
}

#[tokio::test]
async fn a_table_of_another_layout_is_refused() {
    let place = Place::new().await;
    place
        .sql("create table balance_v1 (id text primary key)")
        .await;
    refused(place.subscriber(balances()).prepare().await);
    // The log itself is such a table.
    let mut other = Closures::tally();
    other.table = table("events");
    refused(place.subscriber(other).prepare().await);
}

#[tokio::test]
async fn names_that_are_words_of_sql_and_names_with_quotes_work() {
    let place = Place::new().await;
    let mut projection = Closures::tally();
    projection.table = table("order");
    projection.name = "it's {0} a name";
    deposit(&*place.storage, "a", 0, &[1]).await.unwrap();
    let (following, view) = place.follow(projection, quick());
    following.reaches(place.head().await).await;
    assert_eq!(
        view.get("a").await.unwrap().unwrap().state,
        Tally { events: 1, sum: 1 }
    );
    following.stop().await;
}

#[tokio::test]
async fn rows_are_read_by_key_in_pages_and_counted() {
    let place = Place::new().await;
    for account in ["c", "a", "e", "b", "d"] {
        deposit(&*place.storage, account, 0, &[1, 2]).await.unwrap();
    }
    let (following, view) = place.follow(balances(), quick());
    following.reaches(place.head().await).await;
    let ids = |rows: Vec<ingesta_projections::Row<Balance>>| {
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(view.count().await.unwrap(), 5);
    assert!(view.get("nobody").await.unwrap().is_none());
    assert!(view.get("a\0").await.unwrap().is_none());
    assert_eq!(
        ids(view.get_many(&["d", "nobody", "a", "x\0"]).await.unwrap()),
        ["a", "d"]
    );
    assert_eq!(ids(view.page(None, 2).await.unwrap()), ["a", "b"]);
    assert_eq!(ids(view.page(Some("b"), 2).await.unwrap()), ["c", "d"]);
    assert_eq!(
        ids(view.page(Some("bb"), 9).await.unwrap()),
        ["c", "d", "e"]
    );
    assert_eq!(ids(view.page(Some("b\0"), 1).await.unwrap()), ["c"]);
    assert!(view.page(Some("e"), 2).await.unwrap().is_empty());
    assert!(view.page(None, 0).await.unwrap().is_empty());
    following.stop().await;
}

#[tokio::test]
async fn rows_are_read_from_either_end_and_by_what_their_state_says() {
    let place = Place::new().await;
    for account in ["c", "a", "e", "b", "d"] {
        let amounts: &[i64] = if account < "c" { &[1] } else { &[1, 2] };
        deposit(&*place.storage, account, 0, amounts).await.unwrap();
    }
    let (following, view) = place.follow(balances(), quick());
    following.reaches(place.head().await).await;
    let ids = async |asked: PageQuery<'_>| {
        let rows = view.page_of(asked).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let newest = PageQuery {
        descending: true,
        ..PageQuery::of(2)
    };
    assert_eq!(ids(PageQuery::of(9)).await, ["a", "b", "c", "d", "e"]);
    assert_eq!(ids(newest).await, ["e", "d"]);
    assert_eq!(
        ids(PageQuery {
            after: Some("d"),
            ..newest
        })
        .await,
        ["c", "b"]
    );
    let three = PageQuery {
        wanted: &[("total", "3")],
        ..PageQuery::of(9)
    };
    assert_eq!(ids(three).await, ["c", "d", "e"]);
    assert_eq!(
        ids(PageQuery {
            after: Some("e"),
            descending: true,
            ..three
        })
        .await,
        ["d", "c"]
    );
    // Each of them, and a field that no state has is like none.
    for wanted in [
        [("total", "3"), ("seen", "[1]")],
        [("total", "3"), ("nothing", "")],
        [("total", "3"), ("total", "3\0")],
    ] {
        assert!(
            ids(PageQuery {
                wanted: &wanted,
                ..PageQuery::of(9)
            })
            .await
            .is_empty()
        );
    }
    following.stop().await;
}

#[tokio::test]
async fn a_view_that_never_ran_says_so() {
    let place = Place::new().await;
    let view = ViewTable::<Balance>::new(&place.database, table("balance_v1"));
    let answers = [
        view.get("a").await.map(|_| ()),
        view.count().await.map(|_| ()),
    ];
    for answer in answers {
        assert!(
            matches!(answer, Err(ReadError::NoTable { .. })),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_row_of_another_shape_is_a_typed_error_that_quotes_nothing() {
    let place = Place::new().await;
    let subscriber = place.subscriber(balances());
    subscriber.prepare().await.unwrap();
    place
        .sql(
            r#"insert into balance_v1 (view_id, version, payload)
                values ('patient-1', 1, '{"total":"patient-4711","seen":[]}')"#,
        )
        .await;
    let Err(error) = subscriber.view().get("patient-1").await else {
        panic!("it was read")
    };
    assert!(matches!(error, ReadError::Row(_)), "{error}");
    assert!(error.to_string().contains("balance_v1"), "{error}");
    assert!(
        !format!("{error:?} {error}").contains("patient"),
        "{error:?}"
    );

    // The projection stops there and blames no event.
    let consumed = subscriber.consume(&[recorded("patient-1", 2, 1)]).await;
    let Err(ConsumeError::Transient(cause)) = consumed else {
        panic!("{consumed:?}")
    };
    assert!(!cause.to_string().contains("patient"), "{cause}");

    // Whoever looks at its follower sees that it is stuck, and on what.
    deposit(&*place.storage, "patient-1", 0, &[1])
        .await
        .unwrap();
    let (following, view) = place.follow(balances(), quick());
    let mut status = following.handle.status();
    let stuck = status.wait_for(|status| matches!(status, RunnerStatus::Stuck { .. }));
    let stuck = tokio::time::timeout(ingesta_testing::PATIENCE, stuck).await;
    let told = format!("{:?}", *stuck.expect("it is stuck").unwrap());
    assert!(told.contains("a row of table balance_v1"), "{told}");
    assert!(!told.contains("patient"), "{told}");
    place.sql("delete from balance_v1").await;
    following.reaches(place.head().await).await;
    assert_eq!(view.count().await.unwrap(), 1);
    following.stop().await;
}

#[tokio::test]
async fn a_database_that_is_away_blames_no_event() {
    let place = Place::new().await;
    let (database, _) = place.elsewhere("away").await;
    let subscriber = ingesta_projections::ProjectionSubscriber::new(&database, balances());
    subscriber.prepare().await.unwrap();
    database.close().await;
    let consumed = subscriber.consume(&[recorded("a", 1, 1)]).await;
    assert!(
        matches!(consumed, Err(ConsumeError::Transient(_))),
        "{consumed:?}"
    );
    let read = subscriber.view().get("a").await.map(|_| ());
    assert!(
        matches!(read, Err(ReadError::Store(StoreError::Unavailable { .. }))),
        "{read:?}"
    );
}

#[test]
fn rows_are_not_printed() {
    let row = ingesta_projections::Row {
        id: "patient-4711".to_owned(),
        version: 3,
        state: "patient-4711".to_owned(),
    };
    assert_eq!(format!("{row:?}"), "Row { version: 3, .. }");
}

#[test]
fn table_names_are_plain() {
    for good in ["a", "_", "ingestas_v1", &"x".repeat(63)] {
        assert!(TableName::new(good.to_owned()).is_ok(), "{good}");
    }
    for bad in [
        "",
        "1a",
        "A",
        "a-b",
        "a b",
        "a\"b",
        "a;",
        "ñ",
        "a\0",
        &"x".repeat(64),
    ] {
        assert!(TableName::new(bad.to_owned()).is_err(), "{bad}");
    }
}
