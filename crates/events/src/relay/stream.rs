//! What the relay knows of the stream that it publishes to: which one it is, and where the last event was stored. A
//! stream that is another one, or that came back without that event, has lost what was published, so all of the log is
//! published again.

use std::time::{Duration, Instant};

use mesh_store::{Database, Sql, StoreError};
use mesh_types::Timestamp;
use uuid::Uuid;

use super::{hold::TurnError, lease::Lease};
use crate::{EventBus, Position, republish::republish};

/// The last event that the stream has taken from this service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Last {
    /// Where it was stored.
    pub(super) sequence: u64,
    /// Which one it is.
    pub(super) event_id: Uuid,
}

/// The stream as one holder of the lease knows it.
#[derive(Debug, Default)]
pub(super) struct KnownStream {
    identity: Option<String>,
    last: Option<Last>,
    /// When it was looked at, and in which session of the bus.
    checked: Option<(Instant, u64)>,
}

/// How a look at the stream came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It is as it was.
    Same,
    /// It has lost something, and the log is in line again.
    Requeued,
    /// Somebody else has the lease.
    LeaseLost,
}

impl KnownStream {
    /// The last event that the stream has taken, as far as is known.
    pub(super) fn last(&self) -> Option<&Last> {
        self.last.as_ref()
    }

    /// Whether it was looked at since `bus` came up last, and not too long ago.
    pub(super) fn is_fresh(&self, bus: &dyn EventBus, age: Duration) -> bool {
        self.checked.is_some_and(|(at, session)| session == bus.session() && at.elapsed() < age)
    }

    /// Has it looked at again before anything else is published.
    pub(super) fn doubt(&mut self) {
        self.checked = None;
    }

    /// Takes note of where `event_id` was stored. What is known is kept if the bus was away since: it says whether the
    /// stream has come back whole.
    pub(super) fn note(&mut self, bus: &dyn EventBus, place: Position, event_id: Uuid) {
        let same_session = self.checked.is_some_and(|(_, session)| session == bus.session());
        let newer = self.last.as_ref().is_none_or(|last| last.sequence < place.sequence);
        if same_session && newer && self.identity.as_ref() == Some(&place.identity) {
            self.last = Some(Last { sequence: place.sequence, event_id });
        }
    }

    /// Looks whether the stream still has what was published, and puts the log in line again if it has not.
    pub(super) async fn look(
        &mut self,
        bus: &dyn EventBus,
        database: &Database,
        lease: &Lease,
    ) -> Result<Look, TurnError> {
        let session = bus.session();
        let identity = bus.identity().await?;
        if self.identity.is_none() {
            self.recall(database, lease.source()).await?;
        }
        let outcome = match self.missing(bus, &identity).await? {
            None if self.identity.is_some() => Look::Same,
            None => self.begin(identity, database, lease).await?,
            Some(reason) => {
                // Queued first, and in a transaction that does not hold the lease's row: it may take longer than a lease,
                // which is renewed meanwhile. After a crash in between it is done again.
                let queued = republish(database, Timestamp::from_micros(i64::MIN)).await?;
                tracing::warn!(relay.queued = queued, stream.change = reason, "publishing the log again");
                match self.begin(identity, database, lease).await? {
                    Look::LeaseLost => Look::LeaseLost,
                    _ => Look::Requeued,
                }
            }
        };
        self.checked = Some((Instant::now(), session));
        Ok(outcome)
    }

    /// What the stream no longer has, in a word or two; `None` if nothing is known to be missing.
    async fn missing(&self, bus: &dyn EventBus, identity: &str) -> Result<Option<&'static str>, TurnError> {
        let Some(known) = &self.identity else { return Ok(None) };
        if known != identity {
            return Ok(Some("it is a new one"));
        }
        let Some(Last { sequence, event_id }) = &self.last else { return Ok(None) };
        let place = Position { identity: identity.to_owned(), sequence: *sequence };
        let held = bus.holds(&place, *event_id).await?;
        Ok((!held).then_some("it has lost its newest events"))
    }

    /// What the holder before this one has written down.
    async fn recall(&mut self, database: &Database, source: &'static str) -> Result<(), StoreError> {
        const KNOWN: Sql = Sql::both("SELECT bus_identity, bus_sequence, bus_event FROM relay_lease WHERE source = $1");
        let Some(row) = KNOWN.one(database.writer(), [source.into()]).await? else { return Ok(()) };
        let sequence: Option<i64> = row.try_get("", "bus_sequence")?;
        let event_id: Option<Uuid> = row.try_get("", "bus_event")?;
        self.identity = row.try_get("", "bus_identity")?;
        let last = |(sequence, event_id): (i64, Uuid)| Last { sequence: sequence.unsigned_abs(), event_id };
        self.last = sequence.zip(event_id).map(last);
        Ok(())
    }

    /// Writes down that this is the stream now, and that nothing is known of what it has.
    async fn begin(&mut self, identity: String, database: &Database, lease: &Lease) -> Result<Look, StoreError> {
        const BEGIN: Sql = Sql::both(
            "UPDATE relay_lease SET bus_identity = $4, bus_sequence = NULL, bus_event = NULL
             WHERE source = $1 AND owner = $2 AND epoch = $3",
        );
        let values = lease.fence().into_iter().chain([identity.clone().into()]);
        if BEGIN.run(database.writer(), values).await? == 0 {
            return Ok(Look::LeaseLost);
        }
        (self.identity, self.last) = (Some(identity), None);
        Ok(Look::Same)
    }
}
