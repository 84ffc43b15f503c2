//! In which order schedules are listed, and where a page of them ends.

use mesh_types::{Direction, OrderBy, SortField};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Schedule;

/// An order of schedules.
pub type ScheduleOrder = OrderBy<ScheduleSort>;

/// A field to order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScheduleSort {
    /// When it was created.
    CreateTime,
    /// When it was last changed.
    UpdateTime,
    /// When its next occurrence is; schedules without one come last, whatever the direction.
    NextTime,
}

impl ScheduleSort {
    /// What a schedule without a next occurrence sorts by.
    pub const NEVER: i64 = i64::MAX;

    /// What `schedule` sorts by: an instant in microseconds.
    fn of(self, schedule: &Schedule) -> i64 {
        match self {
            Self::CreateTime => schedule.create_time.as_micros(),
            Self::UpdateTime => schedule.update_time.as_micros(),
            Self::NextTime => schedule.next.map_or(Self::NEVER, |next| next.time.as_micros()),
        }
    }
}

impl SortField for ScheduleSort {
    const THINGS: &'static str = "schedules";
    const ALL: &'static [(&'static str, Self)] =
        &[("create_time", Self::CreateTime), ("update_time", Self::UpdateTime), ("next_time", Self::NextTime)];
    const DEFAULT: (Self, Direction) = (Self::CreateTime, Direction::Ascending);
}

/// The sort values of the last schedule of a page, and its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleKey {
    /// One value for each field of the order: instants in microseconds.
    pub values: Vec<i64>,
    /// Breaks ties.
    pub id: Uuid,
}

impl ScheduleKey {
    /// The place right after `schedule` in `order`.
    pub fn after(schedule: &Schedule, order: &ScheduleOrder) -> Self {
        Self { values: order.fields().iter().map(|(field, _)| field.of(schedule)).collect(), id: schedule.id }
    }

    /// Whether it is of the form that `order` needs. (A page token is not a secret; anybody can make one.)
    pub fn fits(&self, order: &ScheduleOrder) -> bool {
        self.values.len() == order.fields().len()
    }
}
