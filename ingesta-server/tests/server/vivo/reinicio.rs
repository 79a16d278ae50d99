//! Browsers across restarts, late commits and reconnections: nothing missed, nothing twice.

use ingesta_server::App;
use sqlx::Connection;
use uuid::Uuid;

use super::lector::Lector;
use crate::test_app::{TestApp, cuerpo, options};

#[tokio::test]
async fn b_43_across_a_restart_nothing_is_missed_and_nothing_comes_twice() {
    let mut app = TestApp::start().await;
    let path = "/bff/stream?topico=eventos-ingesta";
    let mut browser = Lector::open(&app, path).await;
    let (mut ids, mut seen) = (Vec::new(), Vec::new());
    for round in 0..3 {
        for _ in 0..10 {
            ids.push(app.ingesta().await);
        }
        // It has seen a part of it when the server goes.
        for suceso in browser.take(7 - round).await {
            seen.push(suceso.ingesta().to_owned());
        }
        let cursor = browser.last_id().map(str::to_owned);
        drop(browser);
        let next = App::start(app.database.clone(), options())
            .await
            .expect("it starts");
        std::mem::replace(&mut app.app, next).stop().await;
        browser = Lector::open_after(&app, path, cursor.as_deref()).await;
    }
    for suceso in browser.take(ids.len() - seen.len()).await {
        seen.push(suceso.ingesta().to_owned());
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn a_stop_ends_every_feed() {
    let mut app = TestApp::start().await;
    let mut browser = Lector::open(&app, "/bff/stream").await;
    let next = App::start(app.database.clone(), options())
        .await
        .expect("it starts");
    std::mem::replace(&mut app.app, next).stop().await;
    assert_eq!(browser.next().await, None);
}

#[tokio::test]
async fn t_08_an_event_that_commits_late_is_seen_all_the_same() {
    let app = TestApp::start().await;
    let mut browser = Lector::open(&app, "/bff/stream?topico=eventos-ingesta").await;
    // Another program stores an event and is slow to commit; meanwhile others store theirs.
    let late = Uuid::new_v4().to_string();
    let mut slow = sqlx::PgConnection::connect(app.owned.url())
        .await
        .expect("it connects");
    let mut transaction = slow.begin().await.expect("it begins");
    let first = app.ingesta().await;
    let creada: (String, String) = sqlx::query_as(
        "select payload::text, event_version from events
         where aggregate_id = $1 and sequence = 1",
    )
    .bind(&first)
    .fetch_one(app.database.pool())
    .await
    .expect("it is stored");
    sqlx::query(
        "insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version,
                             payload, metadata)
         values ('Ingesta', $1, 1, 'IngestaCreada', $3, $2::json, '{}')",
    )
    .bind(&late)
    .bind(&creada.0)
    .bind(&creada.1)
    .execute(&mut *transaction)
    .await
    .expect("it is stored");
    let second = app.crear(&cuerpo()).await.ok(202).text_of("id_ingesta");
    transaction.commit().await.expect("it commits");
    let seen = browser.take(3).await;
    let mut seen: Vec<_> = seen
        .iter()
        .map(|suceso| suceso.ingesta().to_owned())
        .collect();
    seen.sort();
    let mut expected = vec![first, late, second];
    expected.sort();
    assert_eq!(seen, expected);
}
