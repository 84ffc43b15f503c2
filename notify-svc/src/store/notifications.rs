//! Notifications in the database: found in the caller's own inbox; inserted and rewritten many at a time.

use std::collections::HashSet;

use mesh_store::{Sql, StoreError, Transaction};
use mesh_types::{Caller, Timestamp, UserId, WorkspaceId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::SelectStatement,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Error, Store, tables::notification};
use crate::domain::{Notification, NotificationId, Revision};

// Rows are one JSON parameter, so that a statement is the same for every number of them.

const INSERT: Sql = Sql {
    postgres: "
        INSERT INTO notification
            (id, workspace_id, user_id, category, title, body, task_id, reminder_id, reminder_epoch, reminder_version,
             event_us, late, urgent, seen_us, read_us, withdraw_us, create_us, update_us, version, created_by)
        SELECT * FROM json_to_recordset($1::json) AS new
            (id uuid, workspace_id uuid, user_id uuid, category smallint, title text, body text, task_id uuid,
             reminder_id uuid, reminder_epoch bigint, reminder_version bigint, event_us bigint, late boolean,
             urgent boolean, seen_us bigint, read_us bigint, withdraw_us bigint, create_us bigint, update_us bigint,
             version bigint, created_by uuid)
        ON CONFLICT DO NOTHING RETURNING id",
    sqlite: "
        INSERT INTO notification
            (id, workspace_id, user_id, category, title, body, task_id, reminder_id, reminder_epoch, reminder_version,
             event_us, late, urgent, seen_us, read_us, withdraw_us, create_us, update_us, version, created_by)
        SELECT unhex(value->>'id', '-'), unhex(value->>'workspace_id', '-'), unhex(value->>'user_id', '-'),
            value->>'category', value->>'title', value->>'body', unhex(value->>'task_id', '-'),
            unhex(value->>'reminder_id', '-'), value->>'reminder_epoch', value->>'reminder_version',
            value->>'event_us', value->>'late', value->>'urgent', value->>'seen_us', value->>'read_us',
            value->>'withdraw_us', value->>'create_us', value->>'update_us', value->>'version',
            unhex(value->>'created_by', '-')
        FROM json_each($1) WHERE true
        ON CONFLICT DO NOTHING RETURNING id",
};

/// What can change of a notification.
const REWRITE: Sql = Sql {
    postgres: "
        UPDATE notification AS old
        SET seen_us = new.seen_us, read_us = new.read_us, withdraw_us = new.withdraw_us, update_us = new.update_us,
            version = new.version
        FROM json_to_recordset($1::json) AS new
            (id uuid, seen_us bigint, read_us bigint, withdraw_us bigint, update_us bigint, version bigint)
        WHERE old.id = new.id",
    sqlite: "
        UPDATE notification AS old
        SET seen_us = new.value->>'seen_us', read_us = new.value->>'read_us',
            withdraw_us = new.value->>'withdraw_us', update_us = new.value->>'update_us',
            version = new.value->>'version'
        FROM json_each($1) AS new
        WHERE old.id = unhex(new.value->>'id', '-')",
};

/// In the order of their ids, so that two who lock many do not lock each other out.
const VOID: Sql = Sql {
    postgres: "
        SELECT told.* FROM notification AS told
        JOIN reminder_tombstone AS tombstone ON tombstone.reminder_id = told.reminder_id
        WHERE told.reminder_id IN (SELECT value::uuid FROM json_array_elements_text($1::json))
          AND told.withdraw_us IS NULL
          AND (told.reminder_epoch, told.reminder_version) < (tombstone.epoch, tombstone.version)
        ORDER BY told.id FOR UPDATE OF told",
    sqlite: "
        SELECT told.* FROM notification AS told
        JOIN reminder_tombstone AS tombstone ON tombstone.reminder_id = told.reminder_id
        WHERE told.reminder_id IN (SELECT unhex(value, '-') FROM json_each($1))
          AND told.withdraw_us IS NULL
          AND (told.reminder_epoch, told.reminder_version) < (tombstone.epoch, tombstone.version)
        ORDER BY told.id",
};

/// Notifications of `user` in these workspaces: where every query for a caller begins.
pub(super) fn inbox(user: UserId, workspaces: &[WorkspaceId]) -> Select<notification::Entity> {
    let own = notification::Entity::find().filter(notification::Column::UserId.eq(user.0));
    match workspaces {
        [workspace] => own.filter(notification::Column::WorkspaceId.eq(workspace.0)),
        several => own.filter(notification::Column::WorkspaceId.is_in(several.iter().map(|workspace| workspace.0))),
    }
}

impl Store {
    /// The notification with this id, if it is the caller's and in a workspace that they may read.
    pub(super) async fn find_notification(&self, caller: &Caller, id: NotificationId) -> Result<Notification, Error> {
        find(self.database.reader(), own(caller), id).await
    }
}

fn own(caller: &Caller) -> Select<notification::Entity> {
    inbox(caller.actor.user_id, &caller.readable())
}

async fn find(
    connection: &impl ConnectionTrait,
    inbox: Select<notification::Entity>,
    id: NotificationId,
) -> Result<Notification, Error> {
    let found = inbox.filter(notification::Column::Id.eq(id.0)).one(connection).await.map_err(StoreError::from)?;
    Ok(Notification::try_from(found.ok_or(Error::NotFound { kind: "notification", id: id.0 })?)?)
}

/// The caller's notification with this id, kept from other writers until the transaction ends. (SQLite has one writer
/// anyway.)
pub(super) async fn lock(
    transaction: &Transaction,
    caller: &Caller,
    id: NotificationId,
) -> Result<Notification, Error> {
    find(transaction, own(caller).lock_exclusive(), id).await
}

/// Those that `ids` selects and that nobody has seen or withdrawn meanwhile, locked.
pub(super) async fn lock_unseen(
    transaction: &Transaction,
    ids: SelectStatement,
) -> Result<Vec<Notification>, StoreError> {
    let rows = notification::Entity::find()
        .filter(notification::Column::Id.in_subquery(ids))
        .filter(notification::Column::SeenUs.is_null())
        .filter(notification::Column::WithdrawUs.is_null())
        .order_by_asc(notification::Column::Id)
        .lock_exclusive();
    rows.all(transaction).await?.into_iter().map(Notification::try_from).collect()
}

/// What was told of these reminders and is void by their tombstones but not withdrawn yet, locked.
pub(super) async fn lock_void(
    transaction: &Transaction,
    reminders: impl Iterator<Item = Uuid>,
) -> Result<Vec<Notification>, StoreError> {
    let reminders: Value = reminders.map(|id| json!(id)).collect();
    let statement = VOID.bind(transaction, [reminders.to_string().into()]);
    let rows = notification::Entity::find().from_raw_sql(statement).all(transaction).await?;
    rows.into_iter().map(Notification::try_from).collect()
}

/// Inserts those that are not there yet, and returns which those are.
pub(super) async fn insert(
    transaction: &Transaction,
    new: impl Iterator<Item = (&Notification, Revision)>,
) -> Result<HashSet<NotificationId>, StoreError> {
    let rows: Value = new.map(|(notification, revision)| row(notification, revision)).collect();
    let rows = INSERT.all(transaction, [rows.to_string().into()]).await?;
    rows.iter().map(|row| Ok(NotificationId(row.try_get("", "id")?))).collect()
}

/// Writes what has changed of these, which are locked.
pub(super) async fn rewrite(
    transaction: &Transaction,
    changed: impl Iterator<Item = &Notification>,
) -> Result<(), StoreError> {
    let row = |it: &Notification| {
        json!({
            "id": it.id,
            "seen_us": micros(it.seen_time),
            "read_us": micros(it.read_time),
            "withdraw_us": micros(it.withdraw_time),
            "update_us": it.update_time.as_micros(),
            "version": it.version,
        })
    };
    let rows: Value = changed.map(row).collect();
    REWRITE.run(transaction, [rows.to_string().into()]).await?;
    Ok(())
}

fn row(it: &Notification, revision: Revision) -> Value {
    json!({
        "id": it.id,
        "workspace_id": it.workspace_id,
        "user_id": it.user_id,
        "category": it.category.code(),
        "title": it.title,
        "body": it.body,
        "task_id": it.task_id,
        "reminder_id": it.reminder_id,
        "reminder_epoch": revision.epoch,
        "reminder_version": revision.version,
        "event_us": it.event_time.as_micros(),
        "late": it.late,
        "urgent": it.urgent,
        "seen_us": micros(it.seen_time),
        "read_us": micros(it.read_time),
        "withdraw_us": micros(it.withdraw_time),
        "create_us": it.create_time.as_micros(),
        "update_us": it.update_time.as_micros(),
        "version": it.version,
        "created_by": it.created_by,
    })
}

fn micros(instant: Option<Timestamp>) -> Option<i64> {
    instant.map(Timestamp::as_micros)
}
