//! A stream that nobody can read is parked, its neighbours go on, and a person mends it.

use serde_json::Value;

use super::support::{Ground, ROWS, Server};

const VIEW: &str = "vista_ingestas";

/// Puts an event of an unknown type on the stream of the first ingesta, and one that is fine
/// behind it. Answers the stream's id.
async fn poison(ground: &Ground) -> String {
    ground
        .tell(
            "insert into events (aggregate_type, aggregate_id, sequence, event_type,
                                 event_version, payload, metadata)
             select aggregate_type, aggregate_id, 2, 'NadieLoConoce', event_version,
                    '{\"NadieLoConoce\":{}}', metadata
               from events where event_type = 'IngestaCreada' and sequence = 1 limit 1;
             insert into events (aggregate_type, aggregate_id, sequence, event_type,
                                 event_version, payload, metadata)
             select aggregate_type, aggregate_id, 3, 'ProcesoIniciado', event_version,
                    '{\"ProcesoIniciado\":{\"fecha\":\"2025-03-01T10:00:00Z\"}}', metadata
               from events where event_type = 'NadieLoConoce'",
        )
        .await;
    let ids = ground.texts("select aggregate_id from events where event_type = 'NadieLoConoce'");
    ids.await.remove(0)
}

/// The line of the view in `subscriptions list`.
#[track_caller]
fn view(ground: &Ground) -> Value {
    let lines = ground
        .run(&["subscriptions", "list", "--json"])
        .expect(0)
        .json();
    lines
        .into_iter()
        .find(|line| line["name"] == VIEW)
        .expect("the view's subscription")
}

async fn parked(ground: &Ground) -> Value {
    ground
        .eventually("a parked stream", async || {
            view(ground)["parked"].get(0).cloned()
        })
        .await
}

async fn nothing_parked(ground: &Ground) {
    ground
        .eventually("nothing parked", async || {
            let line = view(ground);
            let done = line["parked"] == serde_json::json!([]) && line["lag_events"] == 0;
            done.then_some(())
        })
        .await;
}

async fn poisoned() -> (Ground, Server, String) {
    let ground = Ground::new().await;
    let server = ground.serve();
    let rows: Vec<&str> = ROWS.lines().collect();
    ground.import(&server, &rows[..3].join("\n")).expect(0);
    nothing_parked(&ground).await;
    let id = poison(&ground).await;
    // The log announces nothing that was written beside the server: this makes it look.
    ground.import(&server, &rows[3..6].join("\n")).expect(0);
    (ground, server, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_stream_is_parked_and_its_neighbours_go_on() {
    let (ground, server, id) = poisoned().await;
    let parked = parked(&ground).await;
    assert_eq!(parked["stream"], format!("Ingesta/{id}"));
    assert_eq!(parked["sequence"], 2);
    ground
        .eventually("the neighbours in the view", async || {
            let (_, list) = server.get("/ingesta/todas").await;
            (list.as_array().map(Vec::len) == Some(6)).then_some(())
        })
        .await;
    let text = ground.run(&["subscriptions", "list"]).expect(0).stdout;
    assert!(
        text.contains(&format!("Ingesta/{id} is parked in {VIEW}")),
        "{text}"
    );
    assert!(!text.contains("NadieLoConoce\":"), "{text}");
    let projections = ground
        .run(&["projections", "list", "--json"])
        .expect(0)
        .json();
    let line = projections
        .iter()
        .find(|line| line["name"] == VIEW)
        .expect("the view");
    assert_eq!(line["parked"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn skipping_passes_over_one_event_for_ever() {
    let (ground, server, id) = poisoned().await;
    parked(&ground).await;
    let stream = format!("Ingesta/{id}");
    ground
        .run(&["subscriptions", "skip", VIEW, &stream])
        .expect(2);
    ground
        .run(&["subscriptions", "skip", VIEW, &stream, "--yes"])
        .expect(0);
    nothing_parked(&ground).await;
    let skipped = format!(
        "select count(*) from ingesta_skipped_events
         where subscription = '{VIEW}' and aggregate_id = '{id}' and sequence = 2"
    );
    assert_eq!(ground.ask(&skipped).await, 1);
    // The event behind it has been processed.
    let (_, list) = server.get("/ingesta/todas").await;
    let row = list
        .as_array()
        .and_then(|l| l.iter().find(|row| row["id_ingesta"] == id.as_str()));
    assert_eq!(row.expect("the row")["estado"], "Pendiente");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mended_stream_is_resumed() {
    let (ground, server, id) = poisoned().await;
    parked(&ground).await;
    // From here on it waits for a person, as after its last try: on a busy machine it would else be
    // tried again, and freed, between the mending and the command.
    ground
        .tell(
            "create function waits() returns trigger language plpgsql as $$ begin
               if new.attempts > 0 then new.retry_at := null; end if;
               return new;
             end $$;
             create trigger waits before insert or update on ingesta_parked_streams
               for each row execute function waits();
             update ingesta_parked_streams set retry_at = null",
        )
        .await;
    ground
        .tell(
            "update events set event_type = 'IngestaAlertada',
                    payload = '{\"IngestaAlertada\":{\"motivo\":\"limpieza rechazada\",
                                \"fecha\":\"2025-03-01T09:00:00Z\"}}'
              where event_type = 'NadieLoConoce'",
        )
        .await;
    ground
        .run(&["subscriptions", "resume", VIEW, &format!("Ingesta/{id}")])
        .expect(0);
    nothing_parked(&ground).await;
    let (_, list) = server.get("/ingesta/todas").await;
    let row = list
        .as_array()
        .and_then(|l| l.iter().find(|row| row["id_ingesta"] == id.as_str()));
    let row = row.expect("the row");
    assert_eq!(
        (&row["estado"], &row["version"]),
        (&"Pendiente".into(), &3.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_parked_is_neither_resumed_nor_skipped() {
    let ground = Ground::new().await;
    ground.run(&["migrate"]).expect(0);
    let stream = "Ingesta/0198c0de-0000-7000-8000-000000000001";
    let refused = ground
        .run(&["subscriptions", "resume", VIEW, stream])
        .expect(1);
    assert!(
        refused.stderr.contains("there is no parked stream"),
        "{}",
        refused.stderr
    );
    ground
        .run(&["subscriptions", "skip", VIEW, stream, "--yes"])
        .expect(1);
    ground
        .run(&["subscriptions", "resume", VIEW, "no-stream"])
        .expect(2);
}
