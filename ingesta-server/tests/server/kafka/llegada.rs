//! Waiting for what a message brings about.

use ingesta_testing::eventually;

use crate::test_app::TestApp;

pub(super) const CREATED: &str = "select count(*) from events where event_type = 'IngestaCreada'";

/// Until so many ingestas are stored.
pub(super) async fn creadas(app: &TestApp, count: i64) {
    eventually("the ingestas", async || {
        (app.count(CREATED).await >= count).then_some(())
    })
    .await;
}

/// Until this ingesta is in this state.
pub(super) async fn estado(app: &TestApp, id: &str, estado: &str) {
    eventually("the state", async || {
        let read = app.leer(id).await;
        (read.status == 200 && read.text_of("estado") == estado).then_some(())
    })
    .await;
}

/// Until the image of this ingesta is in this state.
pub(super) async fn imagen(app: &TestApp, id: &str, estado: &str) {
    eventually("the image", async || {
        let read = app.get(&format!("/ingesta/{id}/imagen")).await;
        (read.status == 200 && read.text_of("estado") == estado).then_some(())
    })
    .await;
}
