//! Pages of an inbox, by keyset: a page begins right after the last key of the one before, so that what comes between
//! two pages neither repeats nor hides a notification.

use mesh_store::{Sql, StoreError};
use mesh_types::{UserId, WorkspaceId};
use sea_orm::{
    ColumnTrait, Condition, Order, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use serde_json::{Value, json};

use super::{Error, Store, notifications::inbox, tables::notification::Column};
use crate::domain::{Direction, Notification, OrderBy, PageKey, SortField};

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
        let columns = columns(&page.order);
        if let Some(key) = &page.after {
            query = query.filter(beyond(&columns, key));
        }
        for (column, order) in columns {
            query = query.order_by(column, order);
        }
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

fn columns(order: &OrderBy) -> Vec<(Column, Order)> {
    let sorted = order.fields().iter().map(|(field, direction)| (column(*field), sql_order(*direction)));
    sorted.chain([(Column::Id, sql_order(order.tie_break()))]).collect()
}

fn column(field: SortField) -> Column {
    match field {
        SortField::CreateTime => Column::CreateUs,
        SortField::UpdateTime => Column::UpdateUs,
        SortField::EventTime => Column::EventUs,
    }
}

fn sql_order(direction: Direction) -> Order {
    match direction {
        Direction::Ascending => Order::Asc,
        Direction::Descending => Order::Desc,
    }
}

/// The rows that come after the row with this key.
fn beyond(columns: &[(Column, Order)], key: &PageKey) -> Condition {
    let values: Vec<sea_orm::Value> = key.values.iter().map(|value| (*value).into()).chain([key.id.0.into()]).collect();
    let one_way = columns.windows(2).all(|pair| pair[0].1 == pair[1].1);
    if one_way { beyond_as_one(columns, values) } else { beyond_one_by_one(columns, &values) }
}

/// `(a, id) < (1, 2)`: an index serves this as one range.
fn beyond_as_one(columns: &[(Column, Order)], values: Vec<sea_orm::Value>) -> Condition {
    let row = Expr::tuple(columns.iter().map(|(column, _)| Expr::col(*column)));
    let last = Expr::tuple(values.into_iter().map(Expr::val));
    let descending = columns.first().is_some_and(|(_, order)| *order == Order::Desc);
    Condition::all().add(if descending { row.lt(last) } else { row.gt(last) })
}

/// `a > 1 OR (a = 1 AND b < 2) OR …`: for orders in which some fields ascend and others descend.
fn beyond_one_by_one(columns: &[(Column, Order)], values: &[sea_orm::Value]) -> Condition {
    let mut any = Condition::any();
    for (index, ((column, order), last)) in columns.iter().zip(values).enumerate() {
        let mut all = Condition::all();
        for ((earlier, _), same) in columns[..index].iter().zip(values) {
            all = all.add(earlier.eq(same.clone()));
        }
        any = any.add(all.add(if *order == Order::Desc { column.lt(last.clone()) } else { column.gt(last.clone()) }));
    }
    any
}
