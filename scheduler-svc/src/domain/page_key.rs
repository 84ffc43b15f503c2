//! Where a page of reminders ends, so that the next can begin right after it, whatever was inserted meanwhile.

use mesh_types::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{OrderBy, Reminder, SortField};

/// The sort values of the last reminder of a page, and its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageKey {
    /// One value for each field of the order, in microseconds.
    pub values: Vec<i64>,
    /// Breaks ties.
    pub id: Uuid,
}

impl PageKey {
    /// What a reminder that will not fire sorts by.
    pub const NEVER: i64 = i64::MAX;

    /// The place right after `reminder` in `order`.
    pub fn after(reminder: &Reminder, order: &OrderBy) -> Self {
        let value = |field: SortField| match field {
            SortField::CreateTime => reminder.create_time.as_micros(),
            SortField::UpdateTime => reminder.update_time.as_micros(),
            SortField::FireTime => reminder.fire_time.map_or(Self::NEVER, Timestamp::as_micros),
        };
        Self { values: order.fields().iter().map(|(field, _)| value(*field)).collect(), id: reminder.id }
    }

    /// Whether it is of the form that `order` needs. (A page token is not a secret; anybody can make one.)
    pub fn fits(&self, order: &OrderBy) -> bool {
        self.values.len() == order.fields().len()
    }
}
