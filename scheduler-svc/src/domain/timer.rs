//! A timer: when which reminder fires, and for which of its generations.

use mesh_types::Timestamp;
use uuid::Uuid;

/// What makes a reminder fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// The reminder.
    pub reminder_id: Uuid,
    /// The generation it was set for. When the reminder is of another one by then, it fires nothing.
    pub generation: i64,
    /// From when on it is late.
    pub due: Timestamp,
}
