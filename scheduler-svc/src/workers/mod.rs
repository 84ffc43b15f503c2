//! What this service does by the clock.

pub mod occurrences;
pub mod people;
pub mod schedules;
pub mod timers;
