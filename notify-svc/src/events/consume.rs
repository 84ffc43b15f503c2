//! What reminders tell: that they fired, and that what they told is void.

use std::{collections::HashSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use mesh_events::{Durable, Effect, EffectError, Envelope, Filter};
use mesh_proto::event::v1::{ReminderChanged, ReminderFired};
use mesh_rpc::fields;
use mesh_store::Transaction;
use mesh_types::Actor;
use prost::Message;
use uuid::Uuid;

use super::NAME;
use crate::{
    app::App,
    domain::{Cause, Firing, Revision, Voiding},
};

const FIRED: &str = "taskmesh.event.v1.ReminderFired";
const CHANGED: &str = "taskmesh.event.v1.ReminderChanged";

/// A change of one of these makes void what was told before it.
const VOIDING: [&str; 2] = ["state", "fire_time"];

/// The consumer of everything that reminders tell.
pub fn reminders() -> Durable {
    let filter = Filter { entities: vec!["reminder".to_owned()] };
    // Somebody waits for each of them.
    Durable { name: NAME.to_owned(), filter, gather: Duration::ZERO }
}

/// Makes notifications of reminders that fired: a once-only effect, by the notification's id, which follows from the
/// reminder, its generation and the instant.
pub struct ReminderTaker {
    app: Arc<App>,
}

impl ReminderTaker {
    /// Takes them through these use cases.
    pub fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[async_trait]
impl Effect for ReminderTaker {
    async fn apply(&self, transaction: &Transaction, events: &[Envelope]) -> Result<(), EffectError> {
        let (mut firings, mut voidings) = (Vec::new(), Vec::new());
        for event in events {
            match event.event_type.as_str() {
                FIRED => firings.push(firing(event).ok_or_else(|| unreadable(event))?),
                CHANGED => voidings.extend(voiding(event).ok_or_else(|| unreadable(event))?),
                // Of a newer release: kept as a dead letter until this one is replaced.
                _ => return Err(unreadable(event)),
            }
        }
        Ok(self.app.take_reminders(transaction, &firings, &voidings).await?)
    }

    fn after_commit(&self) {
        self.app.reminders_taken();
    }
}

/// `None` when it makes no sense.
fn firing(event: &Envelope) -> Option<Firing> {
    let body = ReminderFired::decode(event.payload.clone()).ok()?;
    let reminder = body.after?;
    Some(Firing {
        reminder_id: event.aggregate_id,
        revision: revision(event),
        generation: body.generation,
        due: fields::instant(&body.due_time?)?,
        late: body.late,
        workspace_id: event.workspace_id,
        user_id: reminder.user_id.parse().ok()?,
        task_id: match reminder.task_id.as_str() {
            "" => None,
            id => Some(id.parse().ok()?),
        },
        // PostgreSQL takes no NUL.
        task_title: body.task_title.replace('\0', ""),
        channels: named(&reminder.channel_ids),
        cause: cause(event),
    })
}

/// The channels that a reminder names; `None` when it names none. What is no id names no channel.
fn named(ids: &[String]) -> Option<HashSet<Uuid>> {
    (!ids.is_empty()).then(|| ids.iter().filter_map(|id| id.parse().ok()).collect())
}

/// `None` when it makes no sense; `Some(None)` when what was told stays as it is.
fn voiding(event: &Envelope) -> Option<Option<Voiding>> {
    let body = ReminderChanged::decode(event.payload.clone()).ok()?;
    let changed = body.changed.unwrap_or_default().paths;
    // Before the first version nothing was told.
    if event.version <= 1 || !changed.iter().any(|path| VOIDING.contains(&path.as_str())) {
        return Some(None);
    }
    Some(Some(Voiding { reminder_id: event.aggregate_id, revision: revision(event), cause: cause(event) }))
}

fn revision(event: &Envelope) -> Revision {
    Revision { epoch: event.epoch, version: event.version }
}

/// Whoever made it happen there makes it happen here, through this service.
fn cause(event: &Envelope) -> Cause {
    let actor = Actor { service: Some(NAME.to_owned()), ..event.actor.clone() };
    Cause { actor, trace_parent: event.trace_parent.clone() }
}

fn unreadable(event: &Envelope) -> EffectError {
    EffectError::Event(format!("{} of version {} cannot be read", event.event_type, event.version))
}
