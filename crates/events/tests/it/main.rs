//! Log, relay, consumers and dead letters on real databases and real buses: PostgreSQL with JetStream, SQLite with the
//! embedded log. Needs the servers of `cargo xtask test`.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod consuming;
mod dead_letters;
mod event_log;
mod housekeeping;
mod ledger;
mod meddling;
mod relaying;
mod republishing;
mod through;
mod world;
