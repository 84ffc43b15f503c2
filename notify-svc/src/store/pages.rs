//! Pages of an inbox, by keyset: a page begins right after the last key of the one before, so that what comes between
//! two pages neither repeats nor hides a notification.

use mesh_store::{
    Sql, StoreError,
    keyset::{self, SortColumn},
};
use mesh_types::{UserId, WorkspaceId};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, sea_query::Expr};
use serde_json::{Value, json};

use super::{Error, Store, notifications::inbox, tables::notification::Column};
use crate::domain::{Notification, OrderBy, PageKey, SortField};

/// Which page of which inbox.
#[derive(Clone, Debug)]
pub struct Page {
    /// Whose.
    pub user: UserId,
    /// In these workspaces.
    pub workspaces: Vec<WorkspaceId>,
    /// Whether withdrawn ones are shown, too.
    pub show_withdrawn: bool,
    /// In this order.
    pub order: OrderBy,
    /// After this place.
    pub after: Option<PageKey>,
    /// At most so many.
    pub limit: u64,
}

/// How many notifications wait for a person; each stops at 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// How many are not read.
    pub unread: i32,
    /// How many were not seen.
    pub unseen: i32,
}

impl Store {
    /// The notifications of one page.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list_notifications(&self, page: &Page) -> Result<Vec<Notification>, Error> {
        let mut query = inbox(page.user, &page.workspaces);
        if !page.show_withdrawn {
            query = query.filter(Column::WithdrawUs.is_null());
        }
        let after = page.after.as_ref().map(values);
        let query = keyset::after_key(query, columns(&page.order), after);
        let rows = query.limit(page.limit).all(self.database.reader()).await.map_err(StoreError::from)?;
        Ok(rows.into_iter().map(Notification::try_from).collect::<Result<_, _>>()?)
    }

    /// How many notifications of these workspaces wait for `user`, withdrawn ones not counted.
    ///
    /// # Errors
    /// What the database says.
    pub async fn count_waiting(&self, user: UserId, workspaces: &[WorkspaceId]) -> Result<Counts, Error> {
        const COUNT: Sql = Sql {
            postgres: "
                WITH chosen AS (SELECT value::uuid AS id FROM json_array_elements_text($2::json))
                SELECT
                    (SELECT count(*) FROM (
                        SELECT 1 FROM notification WHERE user_id = $1 AND workspace_id IN (SELECT id FROM chosen)
                        AND read_us IS NULL AND withdraw_us IS NULL LIMIT 1000) AS capped) AS unread,
                    (SELECT count(*) FROM (
                        SELECT 1 FROM notification WHERE user_id = $1 AND workspace_id IN (SELECT id FROM chosen)
                        AND seen_us IS NULL AND withdraw_us IS NULL LIMIT 1000) AS capped) AS unseen",
            sqlite: "
                WITH chosen AS (SELECT unhex(value, '-') AS id FROM json_each($2))
                SELECT
                    (SELECT count(*) FROM (
                        SELECT 1 FROM notification WHERE user_id = $1 AND workspace_id IN (SELECT id FROM chosen)
                        AND read_us IS NULL AND withdraw_us IS NULL LIMIT 1000) AS capped) AS unread,
                    (SELECT count(*) FROM (
                        SELECT 1 FROM notification WHERE user_id = $1 AND workspace_id IN (SELECT id FROM chosen)
                        AND seen_us IS NULL AND withdraw_us IS NULL LIMIT 1000) AS capped) AS unseen",
        };
        let workspaces: Value = workspaces.iter().map(|workspace| json!(workspace)).collect();
        let row = COUNT.one(self.database.reader(), [user.0.into(), workspaces.to_string().into()]).await?;
        let row = row.ok_or_else(|| StoreError::corrupt("notification"))?;
        let count = |name: &str| -> Result<i32, StoreError> {
            let count: i64 = row.try_get("", name)?;
            Ok(i32::try_from(count).unwrap_or(i32::MAX))
        };
        Ok(Counts { unread: count("unread")?, unseen: count("unseen")? })
    }
}

fn columns(order: &OrderBy) -> Vec<SortColumn> {
    let sorted = order.fields().iter().map(|(field, direction)| (column(*field), *direction));
    let all = sorted.chain([(Column::Id, order.tie_break())]);
    all.map(|(column, direction)| SortColumn::new(Expr::col(column), direction)).collect()
}

/// The values of the columns in the last row of the page before.
fn values(key: &PageKey) -> Vec<sea_orm::Value> {
    key.values.iter().map(|value| (*value).into()).chain([key.id.0.into()]).collect()
}

fn column(field: SortField) -> Column {
    match field {
        SortField::CreateTime => Column::CreateUs,
        SortField::UpdateTime => Column::UpdateUs,
        SortField::EventTime => Column::EventUs,
    }
}
