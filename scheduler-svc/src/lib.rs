//! The scheduler service: owns schedules, reminders and their timers; lets tasks come back and reminders fire.
//!
//! The way of a request: [`rpc`] (decodes) → [`app`] (one file per use case) → [`domain`] (decides) → [`store`] (row, timer
//! and event, one transaction). What happens by itself: [`events::consume`] (a task or a person changed) and [`workers`] (a time has
//! come). Tasks are asked for and made through [`clients`]. [`startup`] puts it all together.

pub mod app;
pub mod clients;
pub mod config;
pub mod domain;
pub mod events;
pub mod rpc;
pub mod startup;
pub mod store;
pub mod workers;

pub use config::{Config, TimersConfig};
pub use startup::{Dependencies, Links, start};
