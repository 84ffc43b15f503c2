//! The contract of Taskmesh, compiled: messages and services by package, the rules they are validated by, and the
//! descriptors from which reflection, REST and audit are derived. It depends on no other crate of ours.

mod contract;
pub mod generated;
mod methods;
mod words;

pub use contract::Contract;
pub use generated::google;
pub use generated::taskmesh::{api, audit, auth, event, notify, scheduler, task};
pub use methods::{ErrorReason, Method, StreamForm, methods};
pub use prost_protovalidate::{Validate, ValidationError};
pub use prost_reflect::DescriptorPool;
pub use words::{comment, field_option};

/// The encoded `google.protobuf.FileDescriptorSet` of everything in `proto/` and what it imports, with all options.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

/// The same as [`DESCRIPTOR_SET`], ready for look-ups.
pub fn descriptors() -> &'static DescriptorPool {
    Contract::taskmesh().descriptors()
}
