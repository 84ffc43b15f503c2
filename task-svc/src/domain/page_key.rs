//! Where a page of tasks ends, so that the next can begin right after it, whatever was inserted meanwhile.

use mesh_types::TaskId;
use serde::{Deserialize, Serialize};

use super::{OrderBy, PlannedTime, SortField, Task};

/// The sort values of the last task of a page, and its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageKey {
    /// One value for each field of the order.
    pub values: Vec<SortValue>,
    /// Breaks ties.
    pub id: TaskId,
}

/// What a task sorts by in one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortValue {
    /// Instants in microseconds, and ranks of enums.
    Number(i64),
    /// Texts, compared byte by byte.
    Text(String),
}

impl SortValue {
    /// What a task without a due time sorts by.
    pub const NEVER_DUE: i64 = i64::MAX;

    /// What `task` sorts by in `field`.
    fn of(task: &Task, field: SortField) -> Self {
        match field {
            SortField::CreateTime => Self::Number(task.create_time.as_micros()),
            SortField::UpdateTime => Self::Number(task.update_time.as_micros()),
            SortField::Due => Self::Number(task.due.as_ref().map_or(Self::NEVER_DUE, due_key)),
            SortField::Priority => Self::Number(i64::from(task.priority.rank())),
            SortField::Title => Self::Text(task.title.as_str().chars().take(SortField::TITLE_CHARS as usize).collect()),
            SortField::Position => Self::Text(task.position.as_str().to_owned()),
        }
    }
}

fn due_key(due: &PlannedTime) -> i64 {
    due.sort_key().as_micros()
}

impl PageKey {
    /// The place right after `task` in `order`.
    pub fn after(task: &Task, order: &OrderBy) -> Self {
        Self { values: order.fields().iter().map(|(field, _)| SortValue::of(task, *field)).collect(), id: task.id }
    }

    /// Whether it is of the form that `order` needs. (A page token is not a secret; anybody can make one.)
    pub fn fits(&self, order: &OrderBy) -> bool {
        let matches = |((field, _), value): (&(SortField, _), &SortValue)| {
            let text = matches!(field, SortField::Title | SortField::Position);
            match value {
                SortValue::Text(value) => text && !value.contains('\0'),
                SortValue::Number(_) => !text,
            }
        };
        self.values.len() == order.fields().len() && order.fields().iter().zip(&self.values).all(matches)
    }
}
