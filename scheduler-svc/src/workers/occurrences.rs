//! Makes the tasks of planned occurrences: woken when something was planned here, and every second for what others left.

use std::{pin::pin, sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::{App, Error};

/// How long something planned elsewhere, or put off, may lie around.
const POLL: Duration = Duration::from_secs(1);

/// How many calls to the task service at once.
const AT_ONCE: usize = 8;

/// How long calls that are under way when it stops may take to come back: less than stopping may take. What is dropped
/// then is tried again when its claim has run out, which is harmless.
const LAST_CALLS: Duration = Duration::from_secs(2);

/// Does what is to be done for the tasks of occurrences, until `stop`.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match work(&app, &stop).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(error = %error, "errands for occurrences cannot be looked up"),
        }
        let woken = tokio::time::timeout(POLL, app.planned().notified());
        let _ = stop.run_until_cancelled(woken).await;
    }
}

/// One round; after `stop` it begins no more calls. Returns whether there was something to do.
async fn work(app: &App, stop: &CancellationToken) -> Result<bool, Error> {
    let errands = app.claim_errands().await?;
    let some = !errands.is_empty();
    let begun = stream::iter(errands).take_until(stop.cancelled()).map(|errand| app.run_errand(errand));
    let patience = async {
        stop.cancelled().await;
        sleep(LAST_CALLS).await;
    };
    let mut results = pin!(begun.buffer_unordered(AT_ONCE).take_until(patience));
    while let Some(result) = results.next().await {
        result?;
    }
    Ok(some)
}
