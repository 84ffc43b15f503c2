//! In which order reminders are listed.

use mesh_types::Direction;

/// An order of reminders.
pub type OrderBy = mesh_types::OrderBy<SortField>;

/// A field to order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortField {
    /// When it was created.
    CreateTime,
    /// When it was last changed.
    UpdateTime,
    /// When it fires; reminders that will not come last, whatever the direction.
    FireTime,
}

impl mesh_types::SortField for SortField {
    const THINGS: &'static str = "reminders";
    const ALL: &'static [(&'static str, Self)] =
        &[("create_time", Self::CreateTime), ("update_time", Self::UpdateTime), ("fire_time", Self::FireTime)];
    const DEFAULT: (Self, Direction) = (Self::FireTime, Direction::Ascending);
}
