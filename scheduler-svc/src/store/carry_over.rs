//! Reminders go on with the next occurrence of their task: copied in the transaction that plans it, so exactly once.
//!
//! Here the order of locks is left for once: the schedule is locked before the row of the planned task. Nobody waits for
//! the other way round, as that row is new. Until this transaction ends there is no such task to be read and no event of
//! it, so all that others can do to the row is to expect it or to give it up, holding nothing else meanwhile. (If a backup
//! was restored, there may be such a task. Should two then wait for each other, the database picks one to try again.)

use std::collections::HashSet;

use mesh_store::{Sql, StoreError, Transaction};
use mesh_trace::TraceParent;
use mesh_types::{TaskId, new_id};
use serde_json::json;
use uuid::Uuid;

use super::{Store, reminders, tables::reminder, task_refs};
use crate::domain::{Cause, ReminderEvent, Told};

/// What is new and set nowhere else stays unset.
const INSERT: Sql = Sql {
    postgres: "
        INSERT INTO reminder (id, workspace_id, task_id, user_id, offset_us, anchor, repeat_us, repeat_limit, channel_ids,
            carry_over, state, fire_us, fire_count, late, round, zone, day_start, trace_parent, create_us,
            update_us, version)
        SELECT id, workspace_id, task_id, user_id, offset_us, anchor, repeat_us, repeat_limit, channel_ids,
            carry_over, state, fire_us, 0, false, 0, zone, day_start, trace_parent, create_us, update_us, version
        FROM jsonb_to_recordset($1::jsonb) AS given (id uuid, workspace_id uuid, task_id uuid, user_id uuid,
            offset_us bigint, anchor smallint, repeat_us bigint, repeat_limit integer, channel_ids text,
            carry_over boolean, state smallint, fire_us bigint, zone text, day_start text, trace_parent text,
            create_us bigint, update_us bigint, version bigint)
        ON CONFLICT (id) DO NOTHING RETURNING id",
    sqlite: "
        INSERT INTO reminder (id, workspace_id, task_id, user_id, offset_us, anchor, repeat_us, repeat_limit, channel_ids,
            carry_over, state, fire_us, fire_count, late, round, zone, day_start, trace_parent, create_us,
            update_us, version)
        SELECT unhex(value ->> 'id'), unhex(value ->> 'workspace_id'), unhex(value ->> 'task_id'),
            unhex(value ->> 'user_id'), value ->> 'offset_us', value ->> 'anchor', value ->> 'repeat_us',
            value ->> 'repeat_limit', value ->> 'channel_ids', value ->> 'carry_over', value ->> 'state',
            value ->> 'fire_us', 0, 0, 0, value ->> 'zone', value ->> 'day_start',
            value ->> 'trace_parent', value ->> 'create_us', value ->> 'update_us', value ->> 'version'
        FROM json_each($1) WHERE true
        ON CONFLICT (id) DO NOTHING RETURNING id",
};

impl Store {
    /// Copies those reminders of `predecessor` that go on to `successor`, whose occurrence was just planned under its
    /// schedule's lock, with their events.
    ///
    /// They are read without a lock. The consumer holds the row of `predecessor` already, so nobody changes them; when a
    /// schedule is resumed, a change that is not committed yet is one that comes after.
    pub(super) async fn carry_over(
        &self,
        transaction: &Transaction,
        predecessor: TaskId,
        successor: TaskId,
        told: &Told<'_>,
    ) -> Result<(), StoreError> {
        let reminders = reminders::of_task(transaction, predecessor).await?;
        let copies = reminders.iter().filter_map(|reminder| reminder.carry_over(successor, told.time));
        let mut copies: Vec<ReminderEvent> = copies.collect();
        let trace_parent = TraceParent::worth_keeping(told.cause.trace_parent.as_deref());
        copies.iter_mut().for_each(|event| event.after.trace_parent.clone_from(&trace_parent));
        if copies.is_empty() {
            return Ok(());
        }
        task_refs::expect(transaction, successor).await?;
        let new = insert(transaction, &copies).await?;
        let events = copies.iter().filter(|event| new.contains(&event.after.id)).map(|event| {
            let cause = Cause::acting_for(event.after.user_id).within(told.cause.trace_parent.clone());
            (self.codec.reminder)(event, &Told { id: new_id(told.time), time: told.time, cause: &cause })
        });
        self.log.append(transaction, &events.collect::<Vec<_>>()).await
    }
}

/// All that are not there yet, in one statement; returns which these were.
async fn insert(transaction: &Transaction, copies: &[ReminderEvent]) -> Result<HashSet<Uuid>, StoreError> {
    let rows = copies.iter().map(|event| row(&reminder::Model::from(&event.after)));
    let rows = serde_json::Value::from_iter(rows).to_string();
    let inserted = INSERT.all(transaction, [rows.into()]).await?;
    inserted.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

fn row(row: &reminder::Model) -> serde_json::Value {
    json!({
        "id": row.id.simple().to_string(),
        "workspace_id": row.workspace_id.simple().to_string(),
        "task_id": row.task_id.simple().to_string(),
        "user_id": row.user_id.simple().to_string(),
        "offset_us": row.offset_us,
        "anchor": row.anchor,
        "repeat_us": row.repeat_us,
        "repeat_limit": row.repeat_limit,
        "channel_ids": row.channel_ids,
        "carry_over": row.carry_over,
        "state": row.state,
        "fire_us": row.fire_us,
        "zone": row.zone,
        "day_start": row.day_start,
        "trace_parent": row.trace_parent,
        "create_us": row.create_us,
        "update_us": row.update_us,
        "version": row.version,
    })
}
