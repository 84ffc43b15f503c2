//! Pages of reminders, by keyset: a page begins right after the last key of the one before, so that inserts between two
//! pages neither repeat nor hide a reminder.

use mesh_store::StoreError;
use mesh_types::{UserId, WorkspaceId};
use sea_orm::{
    ColumnTrait, Condition, Order, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, SimpleExpr, Value},
};

use super::{Error, Store, reminders::reminders_of, tables::reminder};
use crate::domain::{Direction, OrderBy, PageKey, Reminder, SortField};

/// Which page of which reminders.
#[derive(Clone, Debug)]
pub struct Page {
    /// Whose.
    pub user: UserId,
    /// In these workspaces.
    pub workspaces: Vec<WorkspaceId>,
    /// Whether deleted ones are shown, too.
    pub show_deleted: bool,
    /// In this order.
    pub order: OrderBy,
    /// After this place.
    pub after: Option<PageKey>,
    /// At most so many.
    pub limit: u64,
}

impl Store {
    /// The reminders of one page.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list_reminders(&self, page: &Page) -> Result<Vec<Reminder>, Error> {
        let mut query = reminders_of(page.user, &page.workspaces);
        if !page.show_deleted {
            query = query.filter(reminder::Column::DeleteUs.is_null());
        }
        let columns = columns(&page.order);
        if let Some(key) = &page.after {
            query = query.filter(beyond(&columns, &values(&page.order, key)));
        }
        for column in columns {
            query = query.order_by(column.expression, column.order);
        }
        let rows = query.limit(page.limit).all(self.database.reader()).await.map_err(StoreError::from)?;
        Ok(rows.into_iter().map(Reminder::try_from).collect::<Result<_, _>>()?)
    }
}

/// One expression that rows are ordered by.
struct Column {
    expression: SimpleExpr,
    order: Order,
}

/// Never is the largest number. Where large numbers come first, a column of its own puts it last.
fn puts_never_last(field: SortField, direction: Direction) -> bool {
    (field, direction) == (SortField::FireTime, Direction::Descending)
}

fn columns(order: &OrderBy) -> Vec<Column> {
    let mut columns = Vec::new();
    for (field, direction) in order.fields() {
        if puts_never_last(*field, *direction) {
            let is_never = format!("CASE WHEN fire_us = {} THEN 1 ELSE 0 END", PageKey::NEVER);
            columns.push(Column { expression: Expr::cust(is_never), order: Order::Asc });
        }
        let column = match field {
            SortField::CreateTime => reminder::Column::CreateUs,
            SortField::UpdateTime => reminder::Column::UpdateUs,
            SortField::FireTime => reminder::Column::FireUs,
        };
        columns.push(Column { expression: Expr::col(column), order: sql_order(*direction) });
    }
    columns.push(Column { expression: Expr::col(reminder::Column::Id), order: sql_order(order.tie_break()) });
    columns
}

/// The values of the columns in the last row of the page before.
fn values(order: &OrderBy, key: &PageKey) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for ((field, direction), value) in order.fields().iter().zip(&key.values) {
        if puts_never_last(*field, *direction) {
            values.push(i32::from(*value == PageKey::NEVER).into());
        }
        values.push((*value).into());
    }
    values.push(key.id.into());
    values
}

fn sql_order(direction: Direction) -> Order {
    match direction {
        Direction::Ascending => Order::Asc,
        Direction::Descending => Order::Desc,
    }
}

/// The rows that come after the row with these values.
fn beyond(columns: &[Column], values: &[Value]) -> Condition {
    let one_way = columns.windows(2).all(|pair| pair[0].order == pair[1].order);
    if one_way { beyond_as_one(columns, values) } else { beyond_one_by_one(columns, values) }
}

/// `(a, b, id) > (1, 2, 3)`: an index serves this as one range.
fn beyond_as_one(columns: &[Column], values: &[Value]) -> Condition {
    let row = Expr::tuple(columns.iter().map(|column| column.expression.clone()));
    let last = Expr::tuple(values.iter().cloned().map(Expr::val));
    let descending = columns.first().is_some_and(|column| column.order == Order::Desc);
    Condition::all().add(if descending { row.lt(last) } else { row.gt(last) })
}

/// `a > 1 OR (a = 1 AND b < 2) OR …`: for orders in which some fields ascend and others descend.
fn beyond_one_by_one(columns: &[Column], values: &[Value]) -> Condition {
    let mut any = Condition::any();
    for (index, (column, last)) in columns.iter().zip(values).enumerate() {
        let mut all = Condition::all();
        for (earlier, same) in columns[..index].iter().zip(values) {
            all = all.add(earlier.expression.clone().eq(Expr::val(same.clone())));
        }
        let (value, last) = (column.expression.clone(), Expr::val(last.clone()));
        any = any.add(all.add(if column.order == Order::Desc { value.lt(last) } else { value.gt(last) }));
    }
    any
}
