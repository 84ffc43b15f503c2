//! Pages of reminders, by keyset: a page begins right after the last key of the one before, so that inserts between two
//! pages neither repeat nor hide a reminder.

use mesh_store::{
    StoreError,
    keyset::{self, SortColumn},
};
use mesh_types::{Direction, UserId, WorkspaceId};
use sea_orm::{
    ColumnTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, Value},
};

use super::{Error, Store, reminders::reminders_of, tables::reminder};
use crate::domain::{OrderBy, PageKey, Reminder, SortField};

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
        let after = page.after.as_ref().map(|key| values(&page.order, key));
        let query = keyset::after_key(query, columns(&page.order), after);
        let rows = query.limit(page.limit).all(self.database.reader()).await.map_err(StoreError::from)?;
        Ok(rows.into_iter().map(Reminder::try_from).collect::<Result<_, _>>()?)
    }
}

/// Never is the largest number. Where large numbers come first, a column of its own puts it last.
fn puts_never_last(field: SortField, direction: Direction) -> bool {
    (field, direction) == (SortField::FireTime, Direction::Descending)
}

fn columns(order: &OrderBy) -> Vec<SortColumn> {
    let mut columns = Vec::new();
    for (field, direction) in order.fields() {
        if puts_never_last(*field, *direction) {
            let is_never = format!("CASE WHEN fire_us = {} THEN 1 ELSE 0 END", PageKey::NEVER);
            columns.push(SortColumn::new(Expr::cust(is_never), Direction::Ascending));
        }
        let column = match field {
            SortField::CreateTime => reminder::Column::CreateUs,
            SortField::UpdateTime => reminder::Column::UpdateUs,
            SortField::FireTime => reminder::Column::FireUs,
        };
        columns.push(SortColumn::new(Expr::col(column), *direction));
    }
    columns.push(SortColumn::new(Expr::col(reminder::Column::Id), order.tie_break()));
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
