//! The notification service over real gRPC, a real bus and a real database of each kind. One file per use case or
//! concern.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod channels;
mod deliveries;
mod deliveries_attempts;
mod events;
mod hooks;
mod list;
mod many;
mod mark_read;
mod mark_seen;
mod once;
mod orders;
mod receiver;
mod reminders;
mod replicas;
mod ssrf;
mod stream;
mod stream_resume;
mod support;
mod tenancy;
mod webhooks;
mod withdrawal;
