//! The notifier: owns people's inboxes, and the channels and deliveries by which they are told elsewhere, too.
//!
//! The way of a reminder: [`events::consume`] (what a reminder tells) → [`app`] → [`domain`] (decides) → [`store`] (rows,
//! events and deliveries, one transaction) → relay → bus → [`app`]'s live stream, and [`workers`] → [`clients`]. The way
//! of a request: [`rpc`] → [`app`] → [`domain`] → [`store`]. [`startup`] puts it all together.

pub mod app;
pub mod clients;
pub mod config;
pub mod domain;
pub mod events;
pub mod rpc;
pub mod startup;
pub mod store;
pub mod workers;

pub use config::{Config, WatchConfig, WebhooksConfig};
pub use startup::{Dependencies, start};
