//! What the end-to-end tests are written with: a running Taskmesh in either mode, and clients of every face.
//!
//! A [`Target`] is a Taskmesh that was started for a test, as one process or as a mesh. A [`Client`] speaks to it by one
//! [`Face`]: the same call goes out as REST, native gRPC or gRPC-Web, derived from the contract's descriptors, so that
//! a test is written once. A [`Person`] is somebody with an account.

mod api;
mod balancer;
pub mod campaign;
mod collector;
mod face;
mod inbox;
mod person;
mod target;
pub mod tools;
mod webhook;

use std::io::Write;

pub use balancer::Balancer;
pub use collector::{Collector, SeenSpan};
pub use face::{Client, Face, Failure, HttpReply, Messages, RestRequest, rest_request};
pub use inbox::Inbox;
pub use person::Person;
pub use target::{Mesh, Mode, Single, Target, programs};
pub use webhook::{Receipt, Receiver};

/// Tells a figure to whoever runs the tests, whether they pass or not.
pub fn tell(figure: impl std::fmt::Display) {
    // Not by a macro of std's: what those print is kept back while a test passes.
    let _ = writeln!(std::io::stderr(), "{figure}");
}

/// How long any single step may take before a test gives up on it.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
