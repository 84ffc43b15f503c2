//! Loops of the gateway that a clock drives.

mod housekeeping;

pub use housekeeping::Housekeeping;
