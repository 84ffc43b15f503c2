//! The server stack as callers see it: real servers and clients, over TCP and in memory.
#![expect(clippy::expect_used, reason = "what a test expects, it may expect")]

mod replicas;
mod world;

mod bad_input;
mod balancing;
mod connections;
mod context;
mod draining;
mod errors;
mod key_sets;
mod limits;
mod observed;
mod open_to_all;
mod service_tokens;
mod tokens;
mod transports;
