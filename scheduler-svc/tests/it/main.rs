//! The scheduler service over real gRPC, beside a real task service, on a real database of each kind. One file per use case
//! or concern.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod ahead;
mod bad_input;
mod carry_over;
mod contention;
mod follow;
mod holding;
mod lateness;
mod occurrences;
mod people;
mod preview;
mod reminders;
mod replicas;
mod schedules;
mod schedules_changed;
mod schedules_left_out;
mod schedules_list;
mod schedules_told;
mod schedules_world;
mod snoozing;
mod successors;
mod successors_late;
mod support;
mod thousand;
mod timers;
mod told;
mod undelete;
mod zone_data;
