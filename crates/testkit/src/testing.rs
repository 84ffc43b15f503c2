//! The contract of services that exist for tests only: the cases of gRPC's interoperability tests, and every shape that
//! REST can have. The gateway is not compiled with it.

use std::sync::LazyLock;

use mesh_proto::Contract;

pub use generated::{google, taskmesh::testing::v1};

/// The contract of [`v1`].
pub fn contract() -> &'static Contract {
    static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
        let encoded: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/testing_descriptor_set.bin"));
        Contract::decode(encoded).expect("the descriptor set is valid")
    });
    &CONTRACT
}

mod generated {
    //! What the build script generated from `proto/`.
    #![expect(
        missing_docs,
        unreachable_pub,
        clippy::all,
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        clippy::too_many_lines,
        reason = "generated code"
    )]

    include!(concat!(env!("OUT_DIR"), "/testing.rs"));
}
