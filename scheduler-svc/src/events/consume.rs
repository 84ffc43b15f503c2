//! Tasks changed: what is known of them follows, and what depends on it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use mesh_events::{Durable, Effect, EffectError, Envelope, Filter};
use mesh_proto::event::v1::TaskChanged;
use mesh_store::Transaction;
use mesh_types::Fault;
use prost::Message;

use crate::{
    app::{App, Error},
    clients::task_ref,
    domain::{Cause, TaskChange},
};

const EVENT_TYPE: &str = "taskmesh.event.v1.TaskChanged";

/// The consumer of what happens to tasks.
pub fn tasks() -> Durable {
    let filter = Filter { entities: vec!["task".to_owned()] };
    Durable { name: "scheduler-svc".to_owned(), filter, gather: Duration::from_millis(10) }
}

/// Lets reminders and schedules follow their tasks.
pub struct Follower {
    app: Arc<App>,
    /// Whether something followed that was not told yet.
    untold: AtomicBool,
}

impl Follower {
    /// Follows through these use cases.
    pub fn new(app: Arc<App>) -> Self {
        Self { app, untold: AtomicBool::new(false) }
    }
}

#[async_trait]
impl Effect for Follower {
    async fn apply(&self, transaction: &Transaction, events: &[Envelope]) -> Result<(), EffectError> {
        let changes = events.iter().filter(|event| event.event_type == EVENT_TYPE).map(change);
        let changes = changes.collect::<Result<Vec<_>, _>>()?;
        if self.app.follow_tasks(transaction, &changes).await.map_err(failed)? {
            self.untold.store(true, Ordering::Release);
        }
        Ok(())
    }

    fn after_commit(&self) {
        if self.untold.swap(false, Ordering::AcqRel) {
            self.app.tasks_followed();
        }
    }
}

/// What the database says tells whose fault it is better than what a caller would be told.
fn failed(error: Error) -> EffectError {
    error.into_database().map_or_else(|error| Fault::from(error).into(), EffectError::from)
}

fn change(event: &Envelope) -> Result<TaskChange, EffectError> {
    let unreadable = || EffectError::Event("the event does not hold a whole task".to_owned());
    let body = TaskChanged::decode(event.payload.clone()).map_err(|error| EffectError::Event(error.to_string()))?;
    let task = body.after.as_ref().and_then(|task| task_ref(task, event.epoch)).ok_or_else(unreadable)?;
    let cause = Cause { actor: event.actor.clone(), trace_parent: event.trace_parent.clone() };
    Ok(TaskChange { task, cause, time: event.time })
}
