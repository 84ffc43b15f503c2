//! Rows as they are stored, and their translation to and from the domain.

pub(super) mod occurrence;
pub(super) mod reminder;
pub(super) mod schedule;
pub(super) mod task_ref;
