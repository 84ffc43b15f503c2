//! Reading requests and writing answers: what the messages of every service have in common.
//!
//! [`Checks`] collects everything that is wrong with a request; the rest reads and writes the fields that every service
//! has: workspaces, request ids, update masks, instants, durations.

mod checks;
mod common;
mod mask;
mod time;

pub use checks::{Broken, Checks};
pub use common::{new_home, refuse_filter, request_id, workspaces};
pub use mask::{Unwritable, masked};
pub use time::{duration, duration_micros, instant, timestamp};
