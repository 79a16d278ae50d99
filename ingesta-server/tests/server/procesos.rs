//! Servers that come and go over one database.

use ingesta_event_store::StoreError;
use ingesta_server::{App, AppError, AppOptions, Follow};
use ingesta_testing::services::OwnedDatabase;
use serde_json::{Value, json};

use crate::test_app::{TestApp, connect, options};

#[tokio::test]
async fn an_unmigrated_database_is_refused() {
    let owned = OwnedDatabase::create("server").await.expect("a database");
    let refused = App::start(connect(&owned).await, options()).await;
    let too_old =
        |error: &AppError| matches!(error, AppError::Database(StoreError::SchemaTooOld { .. }));
    assert!(refused.as_ref().is_err_and(too_old), "{:?}", refused.err());
}

#[tokio::test]
async fn a_stopped_server_leaves_its_work_to_the_next_one() {
    let app = TestApp::start().await;
    let id = app.ingesta().await;
    let TestApp {
        app: running,
        owned,
        ..
    } = app;
    let addr = running.addr();
    running.stop().await;
    assert!(
        tokio::net::TcpStream::connect(addr).await.is_err(),
        "nobody listens any more"
    );
    let next = TestApp::over(owned, options()).await;
    next.leer(&id).await.ok(200);
    next.drain().await;
    assert_eq!(next.count("select count(*) from vista_imagenes").await, 1);
}

#[tokio::test]
async fn b_07_everything_delivered_twice_leaves_everything_as_it_was() {
    let app = TestApp::start().await;
    let good = app.ingesta().await;
    app.crear(&crate::test_app::cuerpo_con("bytes", json!(0)))
        .await
        .ok(202);
    let undone = app
        .post(
            &format!("/ingesta/{good}/revertir"),
            &json!({"motivo": "mal"}),
        )
        .await;
    undone.ok(202);
    app.drain().await;
    let before = app.count("select count(*) from events").await;
    let rows = "select md5(string_agg(v.payload::text, '' order by v.view_id)) from
                (select * from vista_ingestas union all select * from vista_imagenes) v";
    let hash = |database: ingesta_event_store::Database| async move {
        let hash = sqlx::query_scalar::<_, String>(rows)
            .fetch_one(database.pool())
            .await;
        hash.expect("the views answer")
    };
    let folded = hash(app.database.clone()).await;
    let TestApp {
        app: running,
        owned,
        ..
    } = app;
    running.stop().await;

    // As after a crash between the work and its checkpoint, for everything there is.
    let database = connect(&owned).await;
    sqlx::query("update ingesta_subscriptions set xact = '0', position = 0")
        .execute(database.pool())
        .await
        .expect("the checkpoints are moved back");
    let again = TestApp::over(owned, options()).await;
    again.drain().await;
    assert_eq!(again.count("select count(*) from events").await, before);
    assert_eq!(hash(again.database.clone()).await, folded);
    assert_eq!(
        again
            .count("select count(*) from ingesta_parked_streams")
            .await,
        0
    );
}

#[tokio::test]
async fn two_servers_share_one_database() {
    let one = TestApp::start().await;
    one.ready().await;
    let two = App::start(connect(&one.owned).await, options())
        .await
        .expect("the second starts");
    let client = reqwest::Client::new();
    let mut ids = Vec::new();
    for n in 0..6 {
        let base = if n % 2 == 0 {
            one.app.addr()
        } else {
            two.addr()
        };
        let url = format!("http://{base}/ingesta/crear-ingesta-comando");
        let created = client
            .post(url)
            .json(&crate::test_app::cuerpo())
            .send()
            .await;
        let created: Value = created.expect("an answer").json().await.expect("JSON");
        ids.push(created["id_ingesta"].as_str().expect("an id").to_owned());
    }
    one.drain().await;
    for id in ids {
        let url = format!("http://{}/ingesta/consulta-por-id/{id}", two.addr());
        assert_eq!(
            client.get(url).send().await.expect("an answer").status(),
            200
        );
    }
    assert_eq!(one.count("select count(*) from vista_ingestas").await, 6);
    assert_eq!(one.count("select count(*) from vista_imagenes").await, 6);
    let ready = client
        .get(format!("http://{}/readyz", two.addr()))
        .send()
        .await;
    assert_eq!(
        ready.expect("an answer").status(),
        200,
        "standing by is ready"
    );
}

#[tokio::test]
async fn a_server_follows_what_it_was_told_to() {
    let told = |follow| AppOptions {
        follow,
        ..options()
    };
    // Alone, one that follows nothing takes the command, and the query is answered from the log.
    let front = TestApp::start_with(told(Follow::Nothing)).await;
    front.ready().await;
    let id = front.ingesta().await;
    assert_eq!(
        front
            .count("select count(*) from ingesta_subscriptions")
            .await,
        0,
        "it took no lease"
    );
    let views = App::start(connect(&front.owned).await, told(Follow::Views))
        .await
        .expect("the second starts");
    ingesta_testing::eventually("the view to hold it", async || {
        (front.count("select count(*) from vista_ingestas").await == 1).then_some(())
    })
    .await;
    front.leer(&id).await.ok(200);
    let names = "select count(*) from ingesta_subscriptions where name not like 'vista_%'";
    assert_eq!(front.count(names).await, 0, "no reaction runs");
    let _all = App::start(connect(&front.owned).await, told(Follow::All))
        .await
        .expect("the third starts");
    front.drain().await;
    assert_eq!(front.count("select count(*) from vista_imagenes").await, 1);
    views.stop().await;
}
