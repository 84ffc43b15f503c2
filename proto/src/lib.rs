//! The contract of Taskmesh, compiled: messages and services by package, the rules they are validated by, and the
//! descriptors from which reflection, REST and audit are derived. It depends on no other crate of ours.

pub mod generated;
mod methods;

use std::sync::LazyLock;

pub use generated::google;
pub use generated::taskmesh::{api, audit, auth, event, notify, scheduler, task};
pub use methods::{Method, StreamForm, methods};
pub use prost_protovalidate::{Validate, ValidationError};
pub use prost_reflect::DescriptorPool;

/// The encoded `google.protobuf.FileDescriptorSet` of everything in `proto/` and what it imports, with all options.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

/// The same as [`DESCRIPTOR_SET`], ready for look-ups.
pub fn descriptors() -> &'static DescriptorPool {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
        #[expect(clippy::expect_used, reason = "the build script wrote these bytes; a test decodes them")]
        DescriptorPool::decode(DESCRIPTOR_SET).expect("the descriptor set is valid")
    });
    &POOL
}
