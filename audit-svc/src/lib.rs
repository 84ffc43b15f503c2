//! The record of everything that happened. Owns one entry for each event of every service: who, what, when, from where,
//! with the state before and after. It changes nothing else and asks nobody.
//!
//! Reading order: [`domain`] (what an entry is, and its place) → [`store`] (append-only) → [`events`] (how entries come
//! in) → [`app`] and [`rpc`] (how they are read) → [`config`] and [`startup`]. Nothing is decoded before somebody asks to
//! see it: what cannot be understood today is kept as it came.

pub mod app;
pub mod config;
pub mod domain;
pub mod events;
pub mod rpc;
pub mod startup;
pub mod store;

pub use config::Config;
pub use startup::Dependencies;
