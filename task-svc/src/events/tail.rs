//! The one bus tail of this process: every event of a task, whichever replica wrote it, to those who watch here.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use mesh_events::{BusError, EventBus, Filter, Placed, Position, TailFrom, TailStream};
use tokio_util::sync::CancellationToken;

use super::publish;
use crate::app::{Live, Place, Shown};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Follows the bus until `stop`, whatever happens to it. Watching goes on meanwhile, without news.
pub async fn follow(bus: Arc<dyn EventBus>, live: Arc<Live>, stop: CancellationToken) {
    stop.run_until_cancelled(follow_for_ever(&*bus, &live)).await;
}

async fn follow_for_ever(bus: &dyn EventBus, live: &Live) {
    let mut pause = FIRST_PAUSE;
    loop {
        let before = live.head();
        let error = match open(bus, live).await {
            Ok(tail) => read(tail, live).await,
            Err(error) => error,
        };
        if matches!(error, BusError::PositionGone) {
            begin_anew(bus, live).await;
        }
        if live.head() != before {
            pause = FIRST_PAUSE;
        }
        tracing::warn!(error = %error, pause_ms = pause.as_millis() as u64, "watch tail ended, opening it again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Goes on where the last tail ended, or begins with what the ring can hold.
async fn open(bus: &dyn EventBus, live: &Live) -> Result<TailStream, BusError> {
    let stream = bus.identity().await?;
    let from = match live.head() {
        Some(head) if *head.stream == *stream => match head.sequence {
            0 => TailFrom::Last(live.backlog()),
            sequence => TailFrom::After(Position { identity: stream, sequence }),
        },
        _ => {
            live.begin(stream.into());
            TailFrom::Last(live.backlog())
        }
    };
    bus.tail(Filter { entities: vec![publish::ENTITY.to_owned()] }, from).await
}

/// Reads until the tail fails.
async fn read(mut tail: TailStream, live: &Live) -> BusError {
    while let Some(placed) = tail.next().await {
        match placed {
            Ok(placed) if is_of(live, &placed) => show(&placed, live),
            Ok(_) => return BusError::PositionGone,
            Err(error) => return error,
        }
    }
    BusError::Unavailable("the tail ended".to_owned())
}

fn is_of(live: &Live, placed: &Placed) -> bool {
    live.head().is_some_and(|Place { stream, .. }| *stream == *placed.position.identity)
}

fn show(placed: &Placed, live: &Live) {
    let (event, sequence) = (&placed.event, placed.position.sequence);
    match publish::decode(event) {
        Some(task) => live.show(Shown { sequence, epoch: event.epoch, task }),
        None => {
            tracing::error!(event.id = %event.id, event.type = event.event_type, "event cannot be shown to watchers");
            live.skip(sequence);
        }
    }
}

/// Something was missed. If the bus cannot be asked now, the next attempt finds out.
async fn begin_anew(bus: &dyn EventBus, live: &Live) {
    if let Ok(stream) = bus.identity().await {
        live.begin(stream.into());
    }
}
