//! What the gateway answers itself: health, and reflection (v1 and v1alpha) of every service behind it.

use std::sync::Arc;

use mesh_proto::Contract;
use tonic::service::Routes;
use tonic_health::pb::FILE_DESCRIPTOR_SET as HEALTH_DESCRIPTORS;
use tonic_reflection::server::Builder;

use super::{edge::FrontError, health::Health};

/// Asks how a service is.
pub(super) const HEALTH_CHECK: &str = "/grpc.health.v1.Health/Check";

/// The paths that are answered here, for records and look-ups.
const PATHS: [&str; 4] = [
    HEALTH_CHECK,
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// `path`, if it is answered here.
pub(super) fn path(path: &str) -> Option<&'static str> {
    PATHS.into_iter().find(|known| *known == path)
}

/// Whether the call at this path has one request and one answer.
pub(super) fn is_unary(path: &str) -> bool {
    path == HEALTH_CHECK
}

/// The services that are answered here.
///
/// # Errors
/// When the descriptors cannot be read.
pub(super) fn services(contract: &'static Contract, health: &Arc<Health>) -> Result<Routes, FrontError> {
    let builder = || {
        Builder::configure()
            .register_encoded_file_descriptor_set(contract.encoded())
            .register_encoded_file_descriptor_set(HEALTH_DESCRIPTORS)
    };
    let unreadable = |error: tonic_reflection::server::Error| FrontError::Reflection(error.to_string());
    let routes = Routes::new(health.service())
        .add_service(builder().build_v1().map_err(unreadable)?)
        .add_service(builder().build_v1alpha().map_err(unreadable)?);
    Ok(routes.prepare())
}
