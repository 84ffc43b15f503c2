//! The one bus tail of this process: every event of an entity, whichever replica wrote it, to those who watch here.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use super::{Live, Place, Shown, Watched};
use crate::{BusError, Envelope, EventBus, Filter, Placed, Position, TailFrom, TailStream};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Follows the events of `entity` on the bus until `stop`, whatever happens to it, and shows what `decode` reads in
/// them. Watching goes on meanwhile, without news.
pub async fn follow<T: Watched>(
    bus: Arc<dyn EventBus>,
    live: Arc<Live<T>>,
    entity: &'static str,
    decode: fn(&Envelope) -> Option<T>,
    stop: CancellationToken,
) {
    let tail = Tail { bus: &*bus, live: &live, entity, decode };
    stop.run_until_cancelled(tail.follow_for_ever()).await;
}

/// What is followed, and whither.
struct Tail<'a, T> {
    bus: &'a dyn EventBus,
    live: &'a Live<T>,
    entity: &'static str,
    decode: fn(&Envelope) -> Option<T>,
}

impl<T: Watched> Tail<'_, T> {
    async fn follow_for_ever(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let before = self.live.followed();
            let error = match self.open().await {
                Ok(tail) => self.read(tail).await,
                Err(error) => error,
            };
            if matches!(error, BusError::PositionGone) {
                self.live.lose();
            }
            if self.live.followed() != before {
                pause = FIRST_PAUSE;
            }
            tracing::warn!(error = %error, pause_ms = pause.as_millis() as u64, "watch tail ended, opening it again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Goes on where the last tail ended, or begins with what the ring can hold.
    async fn open(&self) -> Result<TailStream, BusError> {
        let identity = self.bus.identity().await?;
        let filter = Filter { entities: vec![self.entity.to_owned()] };
        if let Some(Place { sequence, .. }) = self.live.followed().filter(|place| *place.stream == *identity) {
            return self.bus.tail(filter, TailFrom::After(Position { identity, sequence })).await;
        }
        let tail = self.bus.tail(filter, TailFrom::Last(self.live.backlog())).await?;
        // Asked after the tail was opened, so that whatever comes after this place comes through the tail.
        let Position { identity, sequence } = self.bus.head().await?;
        self.live.begin(Place { stream: identity.into(), sequence });
        Ok(tail)
    }

    /// Reads until the tail fails.
    async fn read(&self, mut tail: TailStream) -> BusError {
        while let Some(placed) = tail.next().await {
            match placed {
                Ok(placed) if self.is_of_the_stream(&placed) => self.show(&placed),
                Ok(_) => return BusError::PositionGone,
                Err(error) => return error,
            }
        }
        BusError::Unavailable("the tail ended".to_owned())
    }

    fn is_of_the_stream(&self, placed: &Placed) -> bool {
        self.live.head().is_some_and(|Place { stream, .. }| *stream == *placed.position.identity)
    }

    fn show(&self, placed: &Placed) {
        let (event, sequence) = (&placed.event, placed.position.sequence);
        match (self.decode)(event) {
            Some(item) => self.live.show(Shown { sequence, epoch: event.epoch, item }),
            None => {
                tracing::error!(event.id = %event.id, event.type = event.event_type, "event cannot be shown to watchers");
                self.live.skip(sequence);
            }
        }
    }
}
