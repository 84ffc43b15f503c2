//! Delivering to durables: one batch at a time, the cursor moves when the handler is content.

use tokio_util::sync::CancellationToken;

use super::{read::Log, writer::Writer};
use crate::bus::{BatchHandler, BusError, Durable, backoff::Backoff};

/// What came of looking for something to deliver.
enum Outcome {
    Delivered,
    /// There is more to look at.
    More,
    Nothing,
    Paused(String),
}

pub(super) async fn run(
    log: &Log,
    writer: &Writer,
    durable: &Durable,
    handler: &dyn BatchHandler,
    stop: &CancellationToken,
) -> Result<(), BusError> {
    let turn = log.cursors.register(&durable.name);
    let mut head = log.watch();
    let mut backoff = Backoff::default();
    while !stop.is_cancelled() {
        head.has_changed().map_err(|_| closed())?;
        let newest = *head.borrow_and_update();
        let outcome = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            guard = turn.lock() => {
                let outcome = deliver(log, durable, handler, newest).await;
                drop(guard);
                outcome
            }
        };
        match outcome {
            Outcome::Delivered => {
                backoff.reset();
                let _ = tokio::time::timeout(durable.gather, stop.cancelled()).await;
            }
            Outcome::More => backoff.reset(),
            Outcome::Nothing => tokio::select! {
                () = stop.cancelled() => break,
                changed = head.changed() => changed.map_err(|_| closed())?,
            },
            Outcome::Paused(reason) => {
                tracing::warn!(consumer.durable = durable.name, error = reason, "consumer pauses");
                backoff.wait(stop).await;
            }
        }
    }
    writer.flush().await
}

/// Delivers the next batch, if there is one up to `head`.
async fn deliver(log: &Log, durable: &Durable, handler: &dyn BatchHandler, head: u64) -> Outcome {
    let after = log.cursors.sequence(&durable.name);
    let slice = match log.slice(&durable.filter, after, head).await {
        Ok(slice) => slice,
        Err(error) => return Outcome::Paused(error.to_string()),
    };
    if slice.deliveries.is_empty() {
        log.cursors.skip(&durable.name, slice.end);
        return if slice.end < head { Outcome::More } else { Outcome::Nothing };
    }
    let batch = slice.deliveries.into_iter().map(|(_, delivery)| delivery).collect();
    if let Err(pause) = handler.handle(batch).await {
        return Outcome::Paused(pause.0);
    }
    log.cursors.advance(&durable.name, slice.end);
    if slice.end < head { Outcome::More } else { Outcome::Delivered }
}

fn closed() -> BusError {
    BusError::Unavailable("the event log is closed".to_owned())
}
