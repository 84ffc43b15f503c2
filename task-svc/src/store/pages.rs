//! Pages of tasks, by keyset: a page begins right after the last key of the one before, so that inserts between two
//! pages neither repeat nor hide a task.

use mesh_store::{
    StoreError,
    keyset::{self, SortColumn},
};
use mesh_types::{Direction, WorkspaceId};
use sea_orm::{
    ColumnTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, SimpleExpr, Value},
};

use super::{Error, Store, tables::task, tasks::tasks_in};
use crate::domain::{OrderBy, PageKey, SortField, SortValue, Task};

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
        let after = page.after.as_ref().map(|key| values(&page.order, key));
        let query = keyset::after_key(query, columns(&page.order), after);
        let rows = query.limit(page.limit).all(self.database.reader()).await.map_err(StoreError::from)?;
        Ok(rows.into_iter().map(Task::try_from).collect::<Result<_, _>>()?)
    }
}

/// Never due is the largest number. Where large numbers come first, a column of its own puts it last.
fn puts_never_last(field: SortField, direction: Direction) -> bool {
    (field, direction) == (SortField::Due, Direction::Descending)
}

fn columns(order: &OrderBy) -> Vec<SortColumn> {
    let mut columns = Vec::new();
    for (field, direction) in order.fields() {
        if puts_never_last(*field, *direction) {
            let is_never = format!("CASE WHEN due_us = {} THEN 1 ELSE 0 END", SortValue::NEVER_DUE);
            columns.push(SortColumn::new(Expr::cust(is_never), Direction::Ascending));
        }
        columns.push(SortColumn::new(expression(*field), *direction));
    }
    columns.push(SortColumn::new(Expr::col(task::Column::Id), order.tie_break()));
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
