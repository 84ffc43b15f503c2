//! What tests share: worlds of their own (databases, streams, clocks, tokens) around real parts.
//!
//! Servers come from `cargo xtask test`, which starts them and says where they are. A test that needs one and is run
//! without fails and says so; it is never skipped.
#![expect(clippy::expect_used, reason = "a test whose world cannot be made has failed")]

mod bus;
mod clock;
mod database;
mod eventually;
mod nats;
mod rules;
mod served;
mod settings;
pub mod testing;
mod tokens;

pub use bus::{TestBus, nats};
pub use clock::FakeClock;
pub use database::{TestDatabase, databases, postgres, sqlite};
pub use eventually::{Outcome, eventually};
pub use nats::NatsServer;
pub use rules::{ORACLE_RULES, hostile_rules};
pub use served::Served;
pub use tokens::{Bearer, TestTokens, TestUser};
