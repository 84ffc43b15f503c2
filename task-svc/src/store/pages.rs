//! Pages of tasks, by keyset: a page begins right after the last key of the one before, so that inserts between two
//! pages neither repeat nor hide a task.

use mesh_store::StoreError;
use mesh_types::WorkspaceId;
use sea_orm::{
    ColumnTrait, Condition, Order, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, SimpleExpr, Value},
};

use super::{Error, Store, tables::task, tasks::tasks_in};
use crate::domain::{Direction, OrderBy, PageKey, SortField, SortValue, Task};

/// Which page of which tasks.
#[derive(Clone, Debug)]
pub struct Page {
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
    /// The tasks of one page.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list_tasks(&self, page: &Page) -> Result<Vec<Task>, Error> {
        let mut query = tasks_in(&page.workspaces);
        if !page.show_deleted {
            query = query.filter(task::Column::DeleteUs.is_null());
        }
        let columns = columns(&page.order);
        if let Some(key) = &page.after {
            query = query.filter(beyond(&columns, &values(&page.order, key)));
        }
        for column in columns {
            query = query.order_by(column.expression, column.order);
        }
        let rows = query.limit(page.limit).all(self.database.reader()).await.map_err(StoreError::from)?;
        Ok(rows.into_iter().map(Task::try_from).collect::<Result<_, _>>()?)
    }
}

/// One expression that rows are ordered by.
struct Column {
    expression: SimpleExpr,
    order: Order,
}

/// Never due is the largest number. Where large numbers come first, a column of its own puts it last.
fn puts_never_last(field: SortField, direction: Direction) -> bool {
    (field, direction) == (SortField::Due, Direction::Descending)
}

fn columns(order: &OrderBy) -> Vec<Column> {
    let mut columns = Vec::new();
    for (field, direction) in order.fields() {
        if puts_never_last(*field, *direction) {
            let is_never = format!("CASE WHEN due_us = {} THEN 1 ELSE 0 END", SortValue::NEVER_DUE);
            columns.push(Column { expression: Expr::cust(is_never), order: Order::Asc });
        }
        columns.push(Column { expression: expression(*field), order: sql_order(*direction) });
    }
    columns.push(Column { expression: Expr::col(task::Column::Id), order: sql_order(order.tie_break()) });
    columns
}

/// The values of the columns in the last row of the page before.
fn values(order: &OrderBy, key: &PageKey) -> Vec<Value> {
    let mut values = Vec::new();
    for ((field, direction), value) in order.fields().iter().zip(&key.values) {
        if puts_never_last(*field, *direction) {
            values.push(i32::from(*value == SortValue::Number(SortValue::NEVER_DUE)).into());
        }
        values.push(match value {
            SortValue::Number(number) => (*number).into(),
            SortValue::Text(text) => text.as_str().into(),
        });
    }
    values.push(key.id.0.into());
    values
}

fn expression(field: SortField) -> SimpleExpr {
    match field {
        SortField::CreateTime => Expr::col(task::Column::CreateUs),
        SortField::UpdateTime => Expr::col(task::Column::UpdateUs),
        SortField::Due => Expr::col(task::Column::DueUs),
        SortField::Priority => Expr::col(task::Column::Priority),
        SortField::Title => Expr::cust(format!("substr(title, 1, {})", SortField::TITLE_CHARS)),
        SortField::Position => Expr::col(task::Column::Position),
    }
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
