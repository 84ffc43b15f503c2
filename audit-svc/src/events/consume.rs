//! Events become entries of the record.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use mesh_events::{Durable, Effect, EffectError, Envelope, Filter, Foreign};
use mesh_store::Transaction;

use crate::{
    app::App,
    domain::{ForeignMessage, Happening},
};

/// The consumer of everything.
pub fn everything() -> Durable {
    Durable { name: "audit-svc".to_owned(), filter: Filter::default(), gather: Duration::from_millis(20) }
}

/// Records whatever it is given. It is a once-only effect: the event's id is the entry's key, for ever.
pub struct Recorder {
    app: Arc<App>,
}

impl Recorder {
    /// Records through these use cases.
    pub fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[async_trait]
impl Effect for Recorder {
    async fn apply(&self, transaction: &Transaction, events: &[Envelope]) -> Result<(), EffectError> {
        let happenings = events.iter().map(happening).collect();
        Ok(self.app.record_events(transaction, happenings).await?)
    }

    /// Nothing is set aside: what is no event is kept as it is.
    async fn foreign(&self, transaction: &Transaction, foreign: &Foreign) -> Result<(), EffectError> {
        let message = ForeignMessage {
            id: foreign.id,
            stream: foreign.position.identity.clone(),
            stream_sequence: foreign.position.sequence,
            subject: foreign.subject.clone(),
            headers: foreign.headers.clone(),
            reason: foreign.reason.clone(),
            payload: foreign.payload.to_vec(),
        };
        Ok(self.app.record_foreign(transaction, &message).await?)
    }
}

fn happening(event: &Envelope) -> Happening {
    Happening {
        event_id: event.id,
        workspace_id: event.workspace_id,
        entity: event.entity.clone(),
        entity_id: event.aggregate_id,
        epoch: event.epoch,
        version: event.version,
        verb: event.verb.clone(),
        actor: event.actor.clone(),
        time: event.time,
        source: event.source.clone(),
        trace_parent: event.trace_parent.clone(),
        event_type: event.event_type.clone(),
        payload: event.payload.to_vec(),
    }
}
