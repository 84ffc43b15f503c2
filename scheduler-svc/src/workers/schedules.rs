//! Gives schedules that make tasks as time goes by what has come within reach; and at the start sees to it that everything
//! is where it belongs by the database of time zones in use. (A process reads that once.)

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How often to look.
const POLL: Duration = Duration::from_secs(1);

/// Plans by the clock, until `stop`.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    while let Err(error) = app.follow_zones().await {
        tracing::warn!(error = %error, "what depends on time zones cannot be worked out anew");
        if stop.run_until_cancelled(sleep(POLL)).await.is_none() {
            return;
        }
    }
    while !stop.is_cancelled() {
        match app.plan_schedules().await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(error = %error, "schedules that are due cannot be planned"),
        }
        let _ = stop.run_until_cancelled(sleep(POLL)).await;
    }
}
