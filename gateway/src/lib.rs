//! The edge. Owns accounts, sessions and API tokens; turns whatever a caller presents into the short-lived access token
//! that services believe; forwards gRPC and gRPC-Web, and speaks REST for them.
//!
//! Reading order: [`startup`] puts it together from the [`Config`]; a call comes in through [`http`], which asks
//! [`app::Exchange`] who calls and forwards it to its service. One of these services is here: AuthService, from [`rpc`]
//! over [`app`] and [`domain`] to [`store`].

pub mod app;
pub mod clients;
pub mod config;
pub mod domain;
pub mod events;
pub mod http;
pub mod keys;
pub mod rpc;
pub mod startup;
pub mod store;
pub mod workers;

pub use config::Config;
pub use keys::Keys;
pub use startup::{Dependencies, Gateway, Upstreams};
