//! What the composition roots of services share: what a service is given, the parts that look the same in each of them,
//! and how one becomes a program of its own. Only `startup.rs` uses this.

mod parts;
mod standalone;

use std::sync::Arc;

use mesh_events::EventBus;
use mesh_rpc::TokenVerifier;
use mesh_runtime::Lifecycle;
use mesh_types::Clock;

pub use parts::{migrate, open_database, run_housekeeping, run_relay};
pub use standalone::{Mesh, standalone};

/// What a service needs and does not make itself. The single program gives all of its services the same ones.
#[derive(Clone)]
pub struct Dependencies {
    /// Carries events.
    pub bus: Arc<dyn EventBus>,
    /// Says who calls.
    pub verifier: Arc<TokenVerifier>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Runs what goes on in the background, and stops it in order.
    pub lifecycle: Lifecycle,
}
