//! `ingesta aggregates show` and `projections show`: as it is, and as it was.

use serde_json::Value;

use super::support::{Ground, ROWS, Server};

/// One ingesta with two events, each as `events show` prints it.
async fn lived(ground: &Ground) -> (Server, String, Vec<Value>) {
    let server = ground.serve();
    let row = ROWS.lines().next().expect("a row");
    ground.import(&server, row).expect(0);
    let ids = ground
        .texts("select aggregate_id from events where event_type = 'IngestaCreada'")
        .await;
    let id = ids.into_iter().next().expect("an ingesta");
    let started = format!("{}/ingesta/{id}/iniciar", server.url);
    let client = reqwest::Client::builder().no_proxy().build();
    let client = client.expect("a client");
    let answer = client.post(started).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 202);
    let stream = format!("Ingesta/{id}");
    let events = ground.run(&["events", "show", &stream, "--json"]);
    (server, id, events.expect(0).json())
}

#[tokio::test]
async fn the_state_is_shown_as_it_is_and_as_it_was() {
    let ground = Ground::new().await;
    let (server, id, events) = lived(&ground).await;
    let stream = format!("Ingesta/{id}");
    let show = |arguments: &[&str]| {
        let arguments = [&["aggregates", "show", &stream], arguments].concat();
        ground.run(&arguments)
    };
    let text = |event: &Value, field: &str| event[field].as_str().expect(field).to_owned();
    let now = show(&["--json"]).expect(0).json().remove(0);
    assert_eq!(
        (&now["stream"], &now["version"]),
        (&stream.clone().into(), &2.into())
    );
    assert!(now["state"].to_string().contains("Pendiente"), "{now}");
    assert_eq!(now["position"], events[1]["position"]);
    assert_eq!(now["recorded_at"], events[1]["recorded_at"]);

    let (position, time) = (
        text(&events[0], "position"),
        text(&events[0], "recorded_at"),
    );
    for moment in [
        ["--version", "1"],
        ["--position", &position],
        ["--instant", &time],
    ] {
        // Another database of the shared server may hold a moment up.
        let then = ground
            .eventually("the past", async || {
                let shown = show(&[&moment[..], &["--json"]].concat());
                (shown.code == Some(0)).then(|| shown.json().remove(0))
            })
            .await;
        assert_eq!(
            (&then["version"], &then["recorded_at"]),
            (&1.into(), &time.clone().into())
        );
        assert!(then["state"].to_string().contains("Creada"), "{then}");
    }
    // What `events show` prints for people is an instant that can be asked for.
    let lines = ground.run(&["events", "show", &stream]).expect(0).stdout;
    let printed = lines
        .lines()
        .next()
        .and_then(|line| line.split_whitespace().nth(1));
    assert_eq!(
        printed.expect("a time").trim_end_matches('Z'),
        time.trim_end_matches('Z')
    );
    let shown = show(&["--version", "1"]).expect(0).stdout;
    assert!(
        shown.contains("version 1") && shown.contains("Creada"),
        "{shown}"
    );
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test]
async fn a_moment_that_is_wrong_is_a_failure_and_never_the_latest_state() {
    let ground = Ground::new().await;
    let (server, id, events) = lived(&ground).await;
    let stream = format!("Ingesta/{id}");
    let show = |arguments: &[&str]| {
        let arguments = [&["aggregates", "show", &stream], arguments].concat();
        ground.run(&arguments)
    };
    let time = events[0]["recorded_at"].as_str().expect("a time");
    for (wrong, code, said) in [
        (&["--version", "3"][..], 1, "at version 2"),
        (&["--version", "0"], 1, "did not exist yet"),
        (
            &["--instant", "1999-01-01T00:00:00-05:00"],
            1,
            "did not exist yet",
        ),
        (
            &["--instant", "2999-01-01T00:00:00Z"],
            1,
            "has not come yet",
        ),
        (&["--position", "99999999999-1"], 1, "the log ends at"),
        (&["--instant", "yesterday"], 2, "RFC 3339"),
        (&["--position", "7"], 2, "not a log position"),
        (
            &["--version", "1", "--instant", time],
            2,
            "cannot be used with",
        ),
    ] {
        let ended = ground
            .eventually("a refusal of the moment itself", async || {
                let ended = show(wrong);
                (!ended.stderr.contains("a transaction is open")).then_some(ended)
            })
            .await;
        let ended = ended.expect(code);
        assert!(ended.stderr.contains(said), "{wrong:?}: {}", ended.stderr);
    }
    let unknown = "Ingesta/0198c0de-0000-7000-8000-000000000001";
    for moment in [&[][..], &["--version", "0"]] {
        let ended = ground.run(&[&["aggregates", "show", unknown], moment].concat());
        let said = ended.expect(1).stderr;
        assert!(said.contains("no stream"), "{said}");
    }
    let ended = ground.run(&["aggregates", "show", "Tren/1"]).expect(2);
    assert!(ended.stderr.contains("Ingesta, Imagen"), "{}", ended.stderr);
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test]
async fn a_row_is_shown_as_it_is_and_as_it_was() {
    let ground = Ground::new().await;
    let (server, id, events) = lived(&ground).await;
    let show = |arguments: &[&str]| {
        let arguments = [&["projections", "show", "vista_ingestas", &id], arguments].concat();
        ground.run(&arguments)
    };
    let now = ground
        .eventually("the row of today", async || {
            let shown = show(&["--json"]);
            let row = (shown.code == Some(0)).then(|| shown.json().remove(0))?;
            (row["version"] == 2).then_some(row)
        })
        .await;
    assert_eq!(now["state"]["estado"], "Pendiente");
    let time = events[0]["recorded_at"].as_str().expect("a time");
    for moment in [["--version", "1"], ["--instant", time]] {
        let then = ground
            .eventually("the past row", async || {
                let shown = show(&[&moment[..], &["--json"]].concat());
                (shown.code == Some(0)).then(|| shown.json().remove(0))
            })
            .await;
        assert_eq!(
            (&then["version"], &then["key"]),
            (&1.into(), &id.clone().into())
        );
        assert_eq!(then["state"]["estado"], "Creada");
    }
    let said = show(&["--version", "0"]).expect(1).stderr;
    assert!(said.contains("no such row at that moment"), "{said}");
    let said = show(&["--version", "7"]).expect(1).stderr;
    assert!(said.contains("at version 2"), "{said}");
    ground
        .run(&["projections", "show", "vista_trenes", &id])
        .expect(2);
    ground
        .run(&["projections", "show", "vista_imagenes", "nadie"])
        .expect(1);
    assert_eq!(server.terminate(), Some(0));
}
