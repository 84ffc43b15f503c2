//! The task service over real gRPC and a real database of each kind. One file per use case or concern.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod create;
mod delete;
mod events;
mod list;
mod parents;
mod request_ids;
mod series;
mod steps;
mod support;
mod tenancy;
mod times;
mod update;
mod watch;
mod watch_resume;
