//! Pages of schedules, by keyset: a page begins right after the last key of the one before, so that inserts between two
//! pages neither repeat nor hide a schedule.

use mesh_store::{
    StoreError,
    keyset::{self, SortColumn},
};
use mesh_types::{Direction, WorkspaceId};
use sea_orm::{
    ColumnTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, SimpleExpr, Value},
};

use super::{Error, Store, schedules::schedules_in, tables::schedule};
use crate::domain::{Schedule, ScheduleKey, ScheduleOrder, ScheduleSort};

/// Which page of which schedules.
#[derive(Clone, Debug)]
pub struct SchedulePage {
    /// In these workspaces.
    pub workspaces: Vec<WorkspaceId>,
    /// Whether deleted ones are shown, too.
    pub show_deleted: bool,
    /// In this order.
    pub order: ScheduleOrder,
    /// After this place.
    pub after: Option<ScheduleKey>,
    /// At most so many.
    pub limit: u64,
}

impl Store {
    /// The schedules of one page.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list_schedules(&self, page: &SchedulePage) -> Result<Vec<Schedule>, Error> {
        let mut query = schedules_in(&page.workspaces);
        if !page.show_deleted {
            query = query.filter(schedule::Column::DeleteUs.is_null());
        }
        let after = page.after.as_ref().map(|key| values(&page.order, key));
        let query = keyset::after_key(query, columns(&page.order), after);
        let rows = query.limit(page.limit).all(self.database.reader()).await.map_err(StoreError::from)?;
        Ok(rows.into_iter().map(Schedule::try_from).collect::<Result<_, _>>()?)
    }
}

/// Never is the largest number. Where large numbers come first, a column of its own puts it last.
fn puts_never_last(field: ScheduleSort, direction: Direction) -> bool {
    field == ScheduleSort::NextTime && direction == Direction::Descending
}

fn columns(order: &ScheduleOrder) -> Vec<SortColumn> {
    let mut columns = Vec::new();
    for (field, direction) in order.fields() {
        if puts_never_last(*field, *direction) {
            let is_never = format!("CASE WHEN next_us = {} THEN 1 ELSE 0 END", ScheduleSort::NEVER);
            columns.push(SortColumn::new(Expr::cust(is_never), Direction::Ascending));
        }
        columns.push(SortColumn::new(expression(*field), *direction));
    }
    columns.push(SortColumn::new(Expr::col(schedule::Column::Id), order.tie_break()));
    columns
}

/// The values of the columns in the last row of the page before.
fn values(order: &ScheduleOrder, key: &ScheduleKey) -> Vec<Value> {
    let mut values = Vec::new();
    for ((field, direction), value) in order.fields().iter().zip(&key.values) {
        if puts_never_last(*field, *direction) {
            values.push(i32::from(*value == ScheduleSort::NEVER).into());
        }
        values.push((*value).into());
    }
    values.push(key.id.into());
    values
}

fn expression(field: ScheduleSort) -> SimpleExpr {
    match field {
        ScheduleSort::CreateTime => Expr::col(schedule::Column::CreateUs),
        ScheduleSort::UpdateTime => Expr::col(schedule::Column::UpdateUs),
        ScheduleSort::NextTime => Expr::col(schedule::Column::NextUs),
    }
}
