//! Between the messages of the contract and the domain: the only place that knows which fields may be absent, and what
//! that means.

mod edits;
mod fields;
mod occurrence;
mod reminder;
mod requests;
mod schedule;
mod schedule_edits;
mod schedule_fields;
mod schedule_requests;

pub(super) use occurrence::{occurrences, preview};
pub(super) use reminder::written;
pub(crate) use reminder::{kept_reminder, reminder};
pub(crate) use schedule::{kept_schedule, schedule};
pub(super) use schedule::{written_schedule, written_split};
pub(super) use schedule_requests::get_schedule;
