//! What this service does by the clock.

pub mod deliveries;
