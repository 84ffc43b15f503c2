//! Firing: whatever of a batch is still as its timers say fires in one transaction, its events with it.

use std::{collections::HashMap, time::Duration};

use mesh_store::{Sql, StoreError, Transaction};
use mesh_trace::{Kind, Span};
use mesh_types::{Timestamp, crash_point, new_id};
use sea_orm::{FromQueryResult, QueryResult};
use serde_json::json;
use uuid::Uuid;

use super::{Error, Store, reminders, tables::reminder, timers};
use crate::domain::{Cause, Firing, Reminder, ReminderEvent, Timer, Told};

/// What became of a batch of timers.
#[derive(Clone, Debug, Default)]
pub struct Fired {
    /// How each that fired did so.
    pub firings: Vec<Firing>,
    /// Those that could not be looked at just now, because somebody was changing their reminder. Try them again.
    pub again: Vec<Timer>,
}

/// How to fire.
#[derive(Clone, Copy, Debug)]
pub struct FireSettings {
    /// How long after its time a reminder is late.
    pub late_after: Duration,
}

/// Reminders that somebody else is changing are passed over rather than waited for.
const LOCK: Sql = Sql {
    postgres: "
        SELECT reminder.*, task_ref.title AS task_title
        FROM jsonb_to_recordset($1::jsonb) AS timer (id uuid, generation bigint)
        JOIN reminder ON reminder.id = timer.id AND reminder.version = timer.generation
        LEFT JOIN task_ref ON task_ref.task_id = reminder.task_id
        FOR UPDATE OF reminder SKIP LOCKED",
    sqlite: "
        SELECT reminder.*, task_ref.title AS task_title
        FROM json_each($1) AS timer
        JOIN reminder ON reminder.id = unhex(timer.value ->> 'id') AND reminder.version = timer.value ->> 'generation'
        LEFT JOIN task_ref ON task_ref.task_id = reminder.task_id",
};

/// Which of these timers are still set as they were.
const STILL_SET: Sql = Sql {
    postgres: "
        SELECT timer.reminder_id, timer.generation, timer.due_us
        FROM jsonb_to_recordset($1::jsonb) AS given (id uuid, generation bigint)
        JOIN timer ON timer.reminder_id = given.id AND timer.generation = given.generation",
    sqlite: "
        SELECT timer.reminder_id, timer.generation, timer.due_us
        FROM json_each($1) AS given
        JOIN timer ON timer.reminder_id = unhex(given.value ->> 'id')
            AND timer.generation = given.value ->> 'generation'",
};

impl Store {
    /// Fires what is still to fire of these timers. A timer whose reminder has changed since fires nothing.
    ///
    /// # Errors
    /// What the database says; nothing has fired then.
    pub async fn fire(&self, due: &[Timer], now: Timestamp, settings: FireSettings) -> Result<Fired, Error> {
        let transaction = self.database.begin().await?;
        let events = events(&transaction, due, now, settings).await?;
        let left: Vec<Timer> = due.iter().filter(|timer| !events.contains_key(&timer.reminder_id)).copied().collect();
        let again = if left.is_empty() { left } else { still_set(&transaction, &left).await? };
        let events: Vec<ReminderEvent> = events.into_values().collect();
        let traced: HashMap<Uuid, Span> = events.iter().filter_map(traced).collect();
        let trace_parent = |event: &ReminderEvent| Some(traced.get(&event.after.id)?.place().to_string());
        let cause = |event: &ReminderEvent| Cause::acting_for(event.after.user_id).within(trace_parent(event));
        self.change_all(&transaction, &events, now, cause).await?;
        crash_point("timers.before_commit");
        mesh_store::commit(transaction).await?;
        crash_point("timers.after_commit");
        drop(traced);
        if !events.is_empty() {
            self.log.committed();
        }
        Ok(Fired { firings: events.into_iter().filter_map(|event| event.firing).collect(), again })
    }

    /// Writes what happened to many reminders that are locked: where they stand, their timers, their events.
    pub(super) async fn change_all(
        &self,
        transaction: &Transaction,
        events: &[ReminderEvent],
        now: Timestamp,
        cause: impl Fn(&ReminderEvent) -> Cause,
    ) -> Result<(), StoreError> {
        reminders::restate(transaction, events.iter().map(|event| &event.after)).await?;
        timers::set(transaction, events.iter().map(|event| &event.after), None).await?;
        let told: Vec<_> = events
            .iter()
            .map(|event| (self.codec.reminder)(event, &Told { id: new_id(now), time: now, cause: &cause(event) }))
            .collect();
        self.log.append(transaction, &told).await
    }
}

/// What happens to the reminders that can be locked, by their id.
async fn events(
    transaction: &Transaction,
    due: &[Timer],
    now: Timestamp,
    settings: FireSettings,
) -> Result<HashMap<Uuid, ReminderEvent>, StoreError> {
    let timers: HashMap<Uuid, &Timer> = due.iter().map(|timer| (timer.reminder_id, timer)).collect();
    let mut events = HashMap::with_capacity(due.len());
    for row in LOCK.all(transaction, [as_json(due).into()]).await? {
        let (reminder, title) = read(&row)?;
        let timer = timers.get(&reminder.id);
        let event = timer.and_then(|timer| reminder.fire(timer, now, settings.late_after, title));
        events.extend(event.map(|event| (reminder.id, event)));
    }
    Ok(events)
}

/// A reminder's firing in its trace, if that is sampled: from now until it is dropped.
fn traced(event: &ReminderEvent) -> Option<(Uuid, Span)> {
    let reminder = &event.after;
    let mut span = Span::under(reminder.trace_parent.as_deref(), Kind::Internal, || "fire reminder")?;
    span.set("taskmesh.reminder.id", reminder.id.to_string());
    let lateness = event.firing.as_ref().map_or(0.0, |firing| firing.lateness.as_secs_f64());
    span.set("taskmesh.reminder.lateness_seconds", lateness);
    Some((reminder.id, span))
}

fn read(row: &QueryResult) -> Result<(Reminder, String), StoreError> {
    let title: Option<String> = row.try_get("", "task_title")?;
    let reminder = reminder::Model::from_query_result(row, "")?;
    Ok((reminder.try_into()?, title.unwrap_or_default()))
}

async fn still_set(transaction: &Transaction, timers: &[Timer]) -> Result<Vec<Timer>, StoreError> {
    STILL_SET.all(transaction, [as_json(timers).into()]).await?.iter().map(timers::timer).collect()
}

fn as_json(timers: &[Timer]) -> String {
    let given = |timer: &Timer| json!({"id": timer.reminder_id.simple().to_string(), "generation": timer.generation});
    serde_json::Value::from_iter(timers.iter().map(given)).to_string()
}
