//! Makes the tasks of planned occurrences: woken when something was planned here, and every second for what others left.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::app::{App, Error};

/// How long something planned elsewhere, or put off, may lie around.
const POLL: Duration = Duration::from_secs(1);

/// How many calls to the task service at once.
const AT_ONCE: usize = 8;

/// Does what is to be done for the tasks of occurrences, until `stop`.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match work(&app).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(error = %error, "errands for occurrences cannot be looked up"),
        }
        let woken = tokio::time::timeout(POLL, app.planned().notified());
        let _ = stop.run_until_cancelled(woken).await;
    }
}

/// One round. Returns whether there was something to do.
async fn work(app: &App) -> Result<bool, Error> {
    let errands = app.claim_errands().await?;
    let some = !errands.is_empty();
    let mut results =
        futures::stream::iter(errands.into_iter().map(|errand| app.run_errand(errand))).buffer_unordered(AT_ONCE);
    while let Some(result) = results.next().await {
        result?;
    }
    Ok(some)
}
