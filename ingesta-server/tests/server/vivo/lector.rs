//! A browser's side of server-sent events: reads blocks, remembers the last id.

use ingesta_testing::PATIENCE;
use reqwest::Response;
use serde_json::Value;

use crate::test_app::TestApp;

/// One event as a browser shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Suceso {
    pub(crate) topico: String,
    pub(crate) datos: Value,
}

impl Suceso {
    pub(crate) fn tipo(&self) -> &str {
        self.datos["type"].as_str().expect("a type")
    }

    pub(crate) fn ingesta(&self) -> &str {
        self.datos["data"]["id_ingesta"]
            .as_str()
            .expect("an ingesta")
    }
}

/// A browser that watches.
pub(crate) struct Lector {
    answer: Response,
    text: String,
    last_id: Option<String>,
}

impl Lector {
    pub(crate) async fn open(app: &TestApp, path: &str) -> Self {
        Self::open_after(app, path, None).await
    }

    /// As a browser that comes back with the last id that it had.
    pub(crate) async fn open_after(app: &TestApp, path: &str, last_id: Option<&str>) -> Self {
        let mut request = app.request(reqwest::Method::GET, path);
        if let Some(id) = last_id {
            request = request.header("Last-Event-ID", id);
        }
        let answer = request.send().await.expect("the server answers");
        assert_eq!(answer.status(), 200);
        let mut lector = Self {
            answer,
            text: String::new(),
            last_id: last_id.map(str::to_owned),
        };
        // The first block says where it begins.
        let first = lector.block().await.expect("it begins");
        assert!(first.starts_with("retry: "), "{first}");
        lector
    }

    pub(crate) fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// The next event; `None` when the server has ended the answer.
    pub(crate) async fn next(&mut self) -> Option<Suceso> {
        // Heartbeats go on for ever.
        let next = tokio::time::timeout(PATIENCE, self.shown()).await;
        next.expect("something is told")
    }

    async fn shown(&mut self) -> Option<Suceso> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| {
                let mut lines = block.lines();
                lines.find_map(|line| line.strip_prefix(name).map(str::to_owned))
            };
            if let Some(data) = field("data: ") {
                return Some(Suceso {
                    topico: field("event: ").expect("a name"),
                    datos: serde_json::from_str(&data).expect("JSON"),
                });
            }
        }
    }

    /// The next events.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<Suceso> {
        let mut all = Vec::new();
        while all.len() < count {
            all.push(self.next().await.expect("the feed goes on"));
        }
        all
    }

    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                if let Some(id) = block.lines().find_map(|line| line.strip_prefix("id: ")) {
                    self.last_id = Some(id.to_owned());
                }
                return Some(block);
            }
            // An answer that is cut off ends like one that is ended.
            let chunk = self.answer.chunk().await.ok().flatten()?;
            self.text
                .push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }
}
