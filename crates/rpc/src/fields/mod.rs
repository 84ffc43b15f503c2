//! Reading requests and writing answers: what the messages of every service have in common.
//!
//! [`Checks`] collects everything that is wrong with a request; the rest reads and writes the fields that every service
//! has: workspaces, request ids, instants, durations.

mod checks;
mod common;
mod time;

pub use checks::{Broken, Checks};
pub use common::{new_home, refuse_filter, request_id, workspaces};
pub use time::{duration, duration_micros, instant, timestamp};
