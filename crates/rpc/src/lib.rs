//! gRPC both ways, the same for every service.
//!
//! - [`accept`] and [`status`] stand at the two ends of every RPC: what comes in is valid and has a caller; what goes
//!   wrong leaves as a gRPC status with `google.rpc` details.
//! - [`TokenSigner`], [`KeySet`], [`TokenVerifier`]: access tokens, by which every service knows who calls.
//!   [`ServiceTokens`]: those of a service that calls another for a person.
//! - [`fields`] reads what the requests of every service have in common, and writes it in answers.
//! - [`ServerBuilder`] puts the whole server stack around a service's RPCs; [`RpcServer`] serves it on a [`Listener`],
//!   over TCP or in memory.
//! - [`Upstream`]: where other services are. [`Channel`]: calls to one of them, over all of its addresses.

mod accept;
mod channel;
mod connections;
mod context;
mod fault;
pub mod fields;
mod listener;
mod server;
mod token;
mod upstream;

pub use accept::{accept, accept_public};
pub use channel::{Channel, Repeat, Safety};
pub use connections::ConnectionConfig;
pub use context::{CallContext, trace_end};
pub use fault::{code_name, is_server_fault, malformed, status, status_of};
pub use listener::{Listener, MemoryConnector, MemoryListener, MemoryStream, memory};
pub use server::{MAX_MESSAGE_BYTES, RpcServer, ServerBuilder, ServerConfig};
pub use token::{
    AUDIENCE, Claims, KeySet, PublicKey, ServiceTokens, TokenError, TokenSigner, TokenVerifier, Verified,
    WorkspaceClaim,
};
pub use upstream::{Upstream, UpstreamConfig, UpstreamError};
