//! `ETag`, `If-Match` and `If-None-Match` against version 7.
//!
//! Promises: the rows follow RFC 9110 sections 8.8.3, 13.1.1 and 13.1.2.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing;
use ingesta_http::{IfMatch, IfNoneMatch, Problem, VersionTag};

use crate::asking::{ask, get};

const CURRENT: VersionTag = VersionTag(7);

async fn command(if_match: IfMatch) -> Result<VersionTag, Problem> {
    if_match.check(CURRENT)?;
    Ok(VersionTag(8))
}

async fn strict(if_match: IfMatch) -> Result<VersionTag, Problem> {
    if_match.required()?.check(CURRENT)?;
    Ok(VersionTag(8))
}

async fn expected(if_match: IfMatch) -> Result<String, Problem> {
    Ok(format!("{:?}", if_match.expected()?))
}

async fn read(cached: IfNoneMatch) -> Response {
    cached
        .not_modified(CURRENT)
        .unwrap_or_else(|| (CURRENT, "the body").into_response())
}

fn app() -> Router {
    Router::new()
        .route("/command", routing::get(command))
        .route("/strict", routing::get(strict))
        .route("/expected", routing::get(expected))
        .route("/read", routing::get(read))
}

#[tokio::test]
async fn if_match_admits_refuses_or_is_malformed() {
    let table = [
        ("*", 200),
        (" * ", 200),
        ("\"7\"", 200),
        ("\"6\", \"7\"", 200),
        ("\"6\",,\"7\",", 200),
        ("W/\"6\", \"7\"", 200),
        ("\"a,b\", \"7\"", 200),
        ("\"6\"", 412),
        ("W/\"7\"", 412),
        ("\"07\"", 412),
        ("\"+7\"", 412),
        ("\"\"", 412),
        ("\"seven\"", 412),
        ("\"6,7\"", 412),
        ("\"18446744073709551616\"", 412),
        ("7", 400),
        ("", 400),
        (",", 400),
        ("\"7", 400),
        ("\"7\" \"8\"", 400),
        ("\"7\", *", 400),
        ("\"a b\"", 400),
        ("w/\"7\"", 400),
    ];
    for (header, status) in table {
        let answer = ask(app(), get("/command", &[("if-match", header)])).await;
        match status {
            200 => assert_eq!(answer.header("etag"), "\"8\"", "{header}"),
            412 => {
                answer.problem(412, "version_distinta");
                assert_eq!(answer.header("etag"), "\"7\"");
            }
            _ => drop(answer.problem(400, "if_match_malformado")),
        }
    }
}

#[tokio::test]
async fn if_match_may_be_absent_unless_it_is_required() {
    assert_eq!(
        ask(app(), get("/command", &[])).await.status,
        StatusCode::OK
    );
    ask(app(), get("/strict", &[]))
        .await
        .problem(428, "if_match_ausente");
    assert_eq!(
        ask(app(), get("/strict", &[("if-match", "*")]))
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn several_lines_are_one_list() {
    let lines = [("if-match", "\"6\""), ("if-match", "\"7\"")];
    assert_eq!(
        ask(app(), get("/command", &lines)).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn the_expected_version_is_one_or_none() {
    let table = [
        ("*", "None"),
        ("\"7\"", "Some(7)"),
        ("\"x\", \"7\", W/\"6\"", "Some(7)"),
    ];
    for (header, expected) in table {
        let answer = ask(app(), get("/expected", &[("if-match", header)])).await;
        assert_eq!(answer.text, expected, "{header}");
    }
    assert_eq!(ask(app(), get("/expected", &[])).await.text, "None");
    for never in ["W/\"7\"", "\"x\""] {
        let answer = ask(app(), get("/expected", &[("if-match", never)])).await;
        answer.problem(412, "version_distinta");
    }
    let answer = ask(app(), get("/expected", &[("if-match", "\"6\", \"7\"")])).await;
    answer.problem(400, "if_match_multiple");
}

#[tokio::test]
async fn if_none_match_saves_the_body() {
    let table = [
        ("\"7\"", 304),
        ("W/\"7\"", 304),
        ("\"6\", \"7\"", 304),
        ("*", 304),
        ("\"6\"", 200),
        ("7", 200),
        ("\"7", 200),
    ];
    for (header, status) in table {
        let answer = ask(app(), get("/read", &[("if-none-match", header)])).await;
        assert_eq!(answer.status.as_u16(), status, "{header}");
        assert_eq!(answer.header("etag"), "\"7\"");
        assert_eq!(answer.text, if status == 304 { "" } else { "the body" });
    }
    assert_eq!(ask(app(), get("/read", &[])).await.text, "the body");
}
