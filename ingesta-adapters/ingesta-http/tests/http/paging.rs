//! Page cursors and the link to the next page.
//!
//! Promises: every cursor that differs by one character is refused or is the very same page.

use axum::Router;
use axum::http::{HeaderMap, Uri, header};
use axum::routing;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ingesta_http::{Cursor, Problem, next_page_link};

use crate::asking::{ask, get};

const LIST: &str = "things?state=open&asc";

#[track_caller]
fn assert_refused(text: &str) {
    let problem = Cursor::decode(text, LIST).unwrap_err();
    assert_eq!(
        (problem.status().as_u16(), problem.code()),
        (400, "cursor_invalido")
    );
    assert!(text.is_empty() || !problem.detail().contains(text));
}

#[test]
fn a_cursor_comes_back_as_it_was() {
    for key in ["", "0190-17", "ñ & = + / ?", "a\u{0}b", &"k".repeat(1_000)] {
        let text = Cursor::after(key).encode(LIST);
        assert!(
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
        assert_eq!(Cursor::decode(&text, LIST).unwrap().last_key(), key);
    }
}

#[test]
fn a_cursor_of_something_else_is_refused() {
    let good = Cursor::after("0190-17").encode(LIST);
    for other in ["things?state=shut&asc", "things?state=open&desc", ""] {
        assert_refused(&Cursor::after("0190-17").encode(other));
    }
    let mut later = URL_SAFE_NO_PAD.decode(&good).unwrap();
    later[0] = 2;
    assert_refused(&URL_SAFE_NO_PAD.encode(&later));
    let not_text = [&URL_SAFE_NO_PAD.decode(&good).unwrap()[..9], &[0xFF]].concat();
    assert_refused(&URL_SAFE_NO_PAD.encode(not_text));
    for damaged in [
        "",
        "A",
        "AQ",
        "%%%",
        "not a cursor",
        &format!("{good}="),
        &good[..11],
    ] {
        assert_refused(damaged);
    }
    assert_refused(&"A".repeat(2_049));
}

#[test]
fn a_damaged_beginning_never_opens_another_page() {
    let good = Cursor::after("0190-17").encode(LIST);
    // Version and hash are nine bytes: exactly the first twelve characters.
    for at in 0..12 {
        let mut text = good.clone().into_bytes();
        text[at] = if text[at] == b'A' { b'B' } else { b'A' };
        assert_refused(std::str::from_utf8(&text).unwrap());
    }
}

#[tokio::test]
async fn a_refused_cursor_is_a_problem_that_names_the_parameter() {
    async fn list() -> Result<&'static str, Problem> {
        Cursor::decode("SECRETO", LIST).map(|_| "a page")
    }
    let app = Router::new().route("/", routing::get(list));
    let answer = ask(app, get("/", &[])).await;
    assert_eq!(answer.problem(400, "cursor_invalido")["campo"], "cursor");
    assert!(!answer.text.contains("SECRETO"));
}

#[test]
fn the_link_keeps_the_other_parameters_and_stays_inside_its_brackets() {
    let table = [
        ("/all", "</all?cursor=c_-1>; rel=\"next\""),
        ("/all?", "</all?cursor=c_-1>; rel=\"next\""),
        ("/all?cursor=old", "</all?cursor=c_-1>; rel=\"next\""),
        (
            "/all?a=1&cursor=old&b=2&cursor=x",
            "</all?a=1&b=2&cursor=c_-1>; rel=\"next\"",
        ),
        (
            "/all?c%75rsor=old&a=1",
            "</all?a=1&cursor=c_-1>; rel=\"next\"",
        ),
        (
            "/all?a=x%26y%3Dz&a=2",
            "</all?a=x%26y%3Dz&a=2&cursor=c_-1>; rel=\"next\"",
        ),
        (
            "/all?a=%3E%22%0D%0A,",
            "</all?a=%3E%22%0D%0A%2C&cursor=c_-1>; rel=\"next\"",
        ),
        ("/all?a=b+c%20d", "</all?a=b+c+d&cursor=c_-1>; rel=\"next\""),
        ("/a%20b/%C3%B1", "</a%20b/%C3%B1?cursor=c_-1>; rel=\"next\""),
        (
            "//example.org/all",
            "</example.org/all?cursor=c_-1>; rel=\"next\"",
        ),
        ("/a\"b{c}", "</a%22b%7Bc%7D?cursor=c_-1>; rel=\"next\""),
        (
            "http://example.org/all?a=1",
            "</all?a=1&cursor=c_-1>; rel=\"next\"",
        ),
    ];
    for (asked, link) in table {
        let asked: Uri = asked.parse().unwrap();
        assert_eq!(next_page_link(&asked, "cursor", "c_-1"), link, "{asked}");
    }
}

#[tokio::test]
async fn the_link_is_a_header_that_leads_to_the_next_page() {
    async fn list(uri: Uri) -> (HeaderMap, String) {
        let query = uri.query().unwrap_or_default().to_owned();
        let link = next_page_link(&uri, "cursor", &Cursor::after("b").encode(LIST));
        (HeaderMap::from_iter([(header::LINK, link)]), query)
    }
    let app = Router::new().route("/all", routing::get(list));
    let first = ask(app.clone(), get("/all?state=open", &[])).await;
    let next = first
        .header("link")
        .strip_prefix('<')
        .and_then(|link| link.split_once('>'));
    let second = ask(app, get(next.unwrap().0, &[])).await;
    let cursor = second.text.strip_prefix("state=open&cursor=").unwrap();
    assert_eq!(Cursor::decode(cursor, LIST).unwrap().last_key(), "b");
}
