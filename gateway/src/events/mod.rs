//! What the gateway tells the mesh, and what its replicas tell each other.

mod publish;
mod revocations;

pub use publish::envelope;
pub use revocations::Revocations;
