//! The edge over HTTP: one port for native gRPC, gRPC-Web, REST and SSE.
//!
//! - [`Front`] holds everything and serves a listener: connections ([`accept`]), then one call after another ([`front`]).
//! - [`forward`] passes gRPC and gRPC-Web on to the services without decoding a message.
//! - [`rest`] turns HTTP/JSON into gRPC and back, by what the descriptors say of each RPC.
//! - [`identity`] says who calls: by a token, or by the [`cookies`] of a page that may use them ([`csrf`]).
//! - [`limits`] says who and what is let in, and ends what takes too long.
//! - [`openapi`] writes the document of the REST face, and [`docs`] shows it to people.
//! - [`health`] asks the services how they are; [`pages`] are the few plain pages beside the API.

mod accept;
mod asset;
mod cookies;
mod cors;
mod csrf;
mod docs;
mod edge;
mod forward;
mod front;
mod health;
mod identity;
mod limits;
mod local;
mod openapi;
mod pages;
mod preface;
mod record;
mod rest;
mod security;
mod sending;
mod settings;
mod table;

#[cfg(fuzzing)]
pub mod fuzz {
    //! What the programs of `fuzz/` call.
    pub use super::{forward::fuzz::frames, rest::fuzz::Routes};
}

pub use edge::{Exchanging, FrontError, Parts, Upstreams};
pub use front::Front;
pub use limits::LimitSettings;
pub use settings::HttpSettings;
