//! Lets reminders follow their people: woken when something was noted here, and now and then for what others left.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How long something noted elsewhere may lie around.
const POLL: Duration = Duration::from_secs(5);

/// Lets reminders follow, batch by batch, until `stop`.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match app.follow_people().await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(error = %error, "reminders cannot follow their people yet"),
        }
        let woken = tokio::time::timeout(POLL, app.people().notified());
        let _ = stop.run_until_cancelled(woken).await;
    }
}
