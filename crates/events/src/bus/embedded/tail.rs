//! Following the log without acknowledgements.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::watch;

use super::read::Log;
use crate::bus::{BusError, Delivery, Filter, Placed, TailFrom, TailStream};

struct Tail {
    log: Arc<Log>,
    filter: Filter,
    head: watch::Receiver<u64>,
    after: u64,
}

pub(super) fn open(log: Arc<Log>, filter: Filter, from: TailFrom) -> Result<TailStream, BusError> {
    let head = log.head();
    let after = match from {
        TailFrom::Now => head,
        TailFrom::Last(count) => head.saturating_sub(count).max(log.purged_to()),
        TailFrom::After(place) if place.identity == log.identity() && place.sequence <= head => place.sequence,
        TailFrom::After(_) => return Err(BusError::PositionGone),
    };
    if after < log.purged_to() {
        return Err(BusError::PositionGone);
    }
    let tail = Tail { head: log.watch(), log, filter, after };
    let slices = stream::try_unfold(tail, next_slice);
    Ok(slices.map_ok(|slice| stream::iter(slice).map(Ok)).try_flatten().boxed())
}

/// The next events, when there are some; `None` when the bus is closed.
async fn next_slice(mut tail: Tail) -> Result<Option<(Vec<Placed>, Tail)>, BusError> {
    loop {
        let head = *tail.head.borrow_and_update();
        let slice = tail.log.slice(&tail.filter, tail.after, head).await?;
        if tail.after < tail.log.purged_to() {
            return Err(BusError::PositionGone);
        }
        tail.after = slice.end;
        let placed: Vec<_> = slice.deliveries.into_iter().filter_map(|found| place(&tail.log, found)).collect();
        if !placed.is_empty() {
            return Ok(Some((placed, tail)));
        }
        if slice.end == head && tail.head.changed().await.is_err() {
            return Ok(None);
        }
    }
}

fn place(log: &Log, (sequence, delivery): (u64, Delivery)) -> Option<Placed> {
    match delivery {
        Delivery::Event(event) => Some(Placed { position: log.position(sequence), event: Arc::new(event) }),
        Delivery::Foreign { .. } => None,
    }
}
