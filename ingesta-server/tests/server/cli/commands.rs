//! Command ids are forgotten by an operator's word, and by nothing else.

use super::support::{Ground, ROWS};

#[tokio::test]
async fn old_keys_are_forgotten_when_somebody_says_yes() {
    let ground = Ground::new().await;
    let server = ground.serve();
    let imported = ground.import(&server, ROWS).expect(0);
    let rows = imported.event("imported")["accepted"].as_i64();
    let created = "select count(*) from events where event_type = 'IngestaCreada'";
    let before = ground.ask(created).await;
    assert_eq!(rows, Some(before), "{}", imported.stdout);
    // A repeat adds nothing as long as the keys are known.
    ground.import(&server, ROWS).expect(0);
    assert_eq!(ground.ask(created).await, before);

    let purge = |arguments: &[&str]| {
        let arguments = [&["commands", "purge", "--json", "--older-than"], arguments].concat();
        ground.run(&arguments)
    };
    for refused in [
        &["90d"][..],
        &["23h", "--yes"],
        &["90", "--yes"],
        &["d", "--yes"],
    ] {
        purge(refused).expect(2);
    }
    // What no database can reckon with is told as what it is: an argument beyond the range.
    for beyond in ["36501d", "3000000d", "99999999999999999999999h"] {
        let refused = purge(&[beyond, "--yes"]).expect(2);
        assert!(refused.stderr.contains("36500d"), "{}", refused.stderr);
    }
    purge(&["36500d", "--yes"]).expect(0);
    assert_eq!(
        purge(&["1d", "--yes"]).expect(0).event("purged")["commands"],
        0
    );

    ground
        .tell("update events set recorded_at = recorded_at - interval '3 days'")
        .await;
    let named = ground.ask("select count(command_id) from events").await;
    let due = purge(&["48h", "--dry-run"]).expect(0).event("purgeable");
    assert_eq!(due["commands"], named);
    assert_eq!(
        ground.ask("select count(command_id) from events").await,
        named
    );
    let purged = purge(&["48h", "--yes"]).expect(0).event("purged");
    assert_eq!(purged["commands"], named);
    assert_eq!(ground.ask("select count(command_id) from events").await, 0);

    // A forgotten key is free again.
    ground.import(&server, ROWS).expect(0);
    assert_eq!(ground.ask(created).await, before * 2);
    assert_eq!(server.terminate(), Some(0));
}
