//! In which order notifications are listed.

use mesh_types::Direction;

use super::Notification;

/// An order of notifications.
pub type OrderBy = mesh_types::OrderBy<SortField>;

/// What notifications can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortField {
    /// When they came.
    CreateTime,
    /// When they were last changed.
    UpdateTime,
    /// When what they tell was meant to happen.
    EventTime,
}

impl SortField {
    /// What `notification` sorts by, in microseconds.
    pub(super) fn value(self, notification: &Notification) -> i64 {
        let instant = match self {
            Self::CreateTime => notification.create_time,
            Self::UpdateTime => notification.update_time,
            Self::EventTime => notification.event_time,
        };
        instant.as_micros()
    }
}

impl mesh_types::SortField for SortField {
    const THINGS: &'static str = "notifications";
    const ALL: &'static [(&'static str, Self)] =
        &[("create_time", Self::CreateTime), ("update_time", Self::UpdateTime), ("event_time", Self::EventTime)];
    const DEFAULT: (Self, Direction) = (Self::CreateTime, Direction::Descending);
}
