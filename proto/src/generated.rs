//! What the build script generated from the `.proto` files.
#![expect(
    missing_docs,
    clippy::all,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "generated code"
)]

include!(concat!(env!("OUT_DIR"), "/contract.rs"));
include!(concat!(env!("OUT_DIR"), "/validate_impl.rs"));

/// Requests without rules: every message of them is valid.
macro_rules! without_rules {
    ($($message:path),* $(,)?) => {
        $(impl ::prost_protovalidate::Validate for $message {
            fn validate(&self) -> Result<(), ::prost_protovalidate::ValidationError> {
                Ok(())
            }
        })*
    };
}

without_rules!(taskmesh::auth::v1::GetMeRequest, taskmesh::auth::v1::SignOutEverywhereRequest);
