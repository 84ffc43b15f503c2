//! The task service: owns tasks (and, to come, their lists and tags), stores them, and tells what becomes of them.
//!
//! The way of a request: [`rpc`] (decodes) → [`app`] (one file per use case) → [`domain`] (decides) → [`store`] (row and
//! event, one transaction) → relay → bus → `mesh_events::live` → whoever watches. [`startup`] puts it all together.

pub mod app;
pub mod config;
pub mod domain;
pub mod events;
pub mod rpc;
pub mod startup;
pub mod store;

pub use config::{Config, WatchConfig};
pub use startup::{Dependencies, start};
