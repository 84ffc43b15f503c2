//! Events out and in: what happened to reminders and schedules becomes envelopes; what happened to tasks and people is followed.

pub mod consume;
pub mod publish;
pub mod publish_schedule;
