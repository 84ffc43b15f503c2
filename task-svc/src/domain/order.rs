//! In which order tasks are listed.

use mesh_types::Direction;

/// An order of tasks.
pub type OrderBy = mesh_types::OrderBy<SortField>;

/// A field to order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortField {
    /// When it was created.
    CreateTime,
    /// When it was last changed.
    UpdateTime,
    /// When it is due; tasks that never are come last, whatever the direction.
    Due,
    /// How much it matters.
    Priority,
    /// What it is called: the first [`SortField::TITLE_CHARS`] characters, byte by byte.
    Title,
    /// Its place among its siblings.
    Position,
}

impl SortField {
    /// How much of a title is looked at. A page token holds the titles it stands between, and has to stay short.
    pub const TITLE_CHARS: u32 = 120;
}

impl mesh_types::SortField for SortField {
    const THINGS: &'static str = "tasks";
    const ALL: &'static [(&'static str, Self)] = &[
        ("create_time", Self::CreateTime),
        ("update_time", Self::UpdateTime),
        ("due", Self::Due),
        ("priority", Self::Priority),
        ("title", Self::Title),
        ("position", Self::Position),
    ];
    const DEFAULT: (Self, Direction) = (Self::CreateTime, Direction::Ascending);
}
