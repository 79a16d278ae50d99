//! A database that has come up as another cluster: refused until a person says that it is right.

use super::support::{Ground, ROWS};

#[tokio::test(flavor = "multi_thread")]
async fn another_cluster_is_refused_until_rebased() {
    let ground = Ground::new().await;
    let server = ground.serve();
    let rows: Vec<&str> = ROWS.lines().collect();
    ground.import(&server, &rows[..3].join("\n")).expect(0);
    ground
        .eventually("a running subscription", async || {
            let lines = ground
                .run(&["subscriptions", "list", "--json"])
                .expect(0)
                .json();
            (lines.len() == 5 && lines.iter().all(|l| l["state"] == "running")).then_some(())
        })
        .await;
    ground.run(&["subscriptions", "rebase"]).expect(2);
    let busy = ground.run(&["subscriptions", "rebase", "--yes"]).expect(1);
    assert!(busy.stderr.contains("is running"), "{}", busy.stderr);
    assert_eq!(server.terminate(), Some(0));

    ground
        .tell("update ingesta_subscriptions set system_identifier = system_identifier + 1")
        .await;
    let server = ground.serve();
    ground
        .eventually("a server that is not ready", async || {
            (server.get("/readyz").await.0 == 503).then_some(())
        })
        .await;
    let lines = ground
        .run(&["subscriptions", "list", "--json"])
        .expect(0)
        .json();
    assert!(
        lines.iter().all(|line| line["state"] == "cluster-changed"),
        "{lines:?}"
    );
    let text = ground.run(&["subscriptions", "list"]).expect(0).stdout;
    assert!(text.contains("rebase"), "{text}");
    assert_eq!(server.terminate(), Some(0));

    let rebased = ground
        .run(&["subscriptions", "rebase", "--yes", "--json"])
        .expect(0)
        .json();
    assert_eq!(rebased[0]["subscriptions"], 5);
    let server = ground.serve();
    ground.import(&server, &rows[..6].join("\n")).expect(0);
    ground
        .eventually("everything in the view", async || {
            let (_, list) = server.get("/ingesta/todas").await;
            (list.as_array().map(Vec::len) == Some(6)).then_some(())
        })
        .await;
    ground
        .eventually("a server that is ready", async || {
            (server.get("/readyz").await.0 == 200).then_some(())
        })
        .await;
    let images = "select count(*) from events where event_type = 'ImagenVerificada'";
    ground
        .eventually("one image for each", async || {
            (ground.ask(images).await == 6).then_some(())
        })
        .await;
}
