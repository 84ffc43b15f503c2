//! The edge over HTTP: one port for native gRPC, gRPC-Web, REST and SSE.
//!
//! - [`Front`] holds everything and serves a listener: connections ([`accept`]), then one call after another ([`front`]).
//! - [`forward`] passes gRPC and gRPC-Web on to the services without decoding a message.
//! - [`rest`] turns HTTP/JSON into gRPC and back, by what the descriptors say of each RPC.
//! - [`health`] asks the services how they are; [`pages`] are the few plain pages beside the API.

mod accept;
mod cors;
mod edge;
mod forward;
mod front;
mod health;
mod identity;
mod local;
mod pages;
mod preface;
mod record;
mod rest;
mod settings;
mod table;

pub use edge::{Exchanging, FrontError, Parts, Upstreams};
pub use front::Front;
pub use settings::HttpSettings;
