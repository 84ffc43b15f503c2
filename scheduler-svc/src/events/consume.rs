//! Tasks and people changed: what is known of them follows, and what depends on it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use mesh_events::{Durable, Effect, EffectError, Envelope, Filter};
use mesh_proto::{
    event::v1::{TaskChanged, UserChanged},
    task::v1::{Task, TaskStatus},
};
use mesh_store::Transaction;
use mesh_types::{Fault, UserId};
use prost::Message;

use crate::{
    app::{App, Error},
    clients::task_ref,
    domain::{Cause, Person, PersonDay, TaskChange},
};

const TASK_CHANGED: &str = "taskmesh.event.v1.TaskChanged";
const USER_CHANGED: &str = "taskmesh.event.v1.UserChanged";

/// The fields of an account that say how its person counts their days.
const DAY_FIELDS: [&str; 2] = ["time_zone", "day_start"];

/// The consumer of what happens to tasks and people.
pub fn durable() -> Durable {
    let filter = Filter { entities: vec!["task".to_owned(), "user".to_owned()] };
    Durable { name: "scheduler-svc".to_owned(), filter, gather: Duration::from_millis(10) }
}

/// Lets reminders and schedules follow their tasks, and reminders their people.
pub struct Follower {
    app: Arc<App>,
    /// Whether something followed that was not told yet.
    untold: AtomicBool,
    /// Whether something was noted of people whose reminders are to follow.
    noted: AtomicBool,
}

impl Follower {
    /// Follows through these use cases.
    pub fn new(app: Arc<App>) -> Self {
        Self { app, untold: AtomicBool::new(false), noted: AtomicBool::new(false) }
    }
}

#[async_trait]
impl Effect for Follower {
    async fn apply(&self, transaction: &Transaction, events: &[Envelope]) -> Result<(), EffectError> {
        let people = events
            .iter()
            .filter(|event| event.event_type == USER_CHANGED)
            .filter_map(|event| person(event).transpose());
        let people = people.collect::<Result<Vec<_>, _>>()?;
        if self.app.note_people(transaction, &people).await.map_err(failed)? {
            self.noted.store(true, Ordering::Release);
        }
        let changes = events.iter().filter(|event| event.event_type == TASK_CHANGED).map(change);
        let changes = changes.collect::<Result<Vec<_>, _>>()?;
        if !changes.is_empty() && self.app.follow_tasks(transaction, &changes).await.map_err(failed)? {
            self.untold.store(true, Ordering::Release);
        }
        Ok(())
    }

    fn after_commit(&self) {
        if self.untold.swap(false, Ordering::AcqRel) {
            self.app.tasks_followed();
        }
        if self.noted.swap(false, Ordering::AcqRel) {
            self.app.people_noted();
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
    let opens = !task.is_over() && body.before.as_ref().is_some_and(was_over);
    let cause = Cause { actor: event.actor.clone(), trace_parent: event.trace_parent.clone() };
    Ok(TaskChange { task, opens, cause, time: event.time })
}

/// Whether the fields that were changed said that it is over.
fn was_over(before: &Task) -> bool {
    let closed = [TaskStatus::Completed, TaskStatus::Cancelled];
    before.delete_time.is_some() || before.status.is_some() && closed.contains(&before.status())
}

/// How the person counts their days, if that is what changed.
fn person(event: &Envelope) -> Result<Option<Person>, EffectError> {
    let body = UserChanged::decode(event.payload.clone()).map_err(|error| EffectError::Event(error.to_string()))?;
    let changed = body.changed.unwrap_or_default().paths;
    if !changed.iter().any(|path| DAY_FIELDS.contains(&path.as_str())) {
        return Ok(None);
    }
    let user = body.after.ok_or_else(|| EffectError::Event("the event does not hold a whole account".to_owned()))?;
    let told = |text: Option<String>| text.filter(|text| !text.is_empty());
    let day = PersonDay { zone: told(user.time_zone), start: told(user.day_start) };
    Ok(Some(Person { id: UserId(event.aggregate_id), epoch: event.epoch, version: event.version, day }))
}
