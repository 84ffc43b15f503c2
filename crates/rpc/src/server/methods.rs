//! What the server knows of each of its RPCs, from the descriptors.

use std::{collections::HashMap, sync::Arc};

use mesh_proto::StreamForm;

use super::record::MethodMetrics;

/// An RPC.
#[derive(Debug)]
pub(super) struct Method {
    /// Its service, with package.
    pub(super) service: String,
    /// Its name in the service.
    pub(super) name: String,
    /// The scope a token must hold; `None` is open to everybody.
    pub(super) scope: Option<String>,
    /// Whether either side streams. Streams have no default deadline and end with the token.
    pub(super) streaming: bool,
    /// Whether its stream goes on until somebody ends it. Such streams are not waited for at shutdown.
    pub(super) endless: bool,
    /// How it is doing.
    pub(super) metrics: MethodMetrics,
}

/// The RPCs of a server, by path.
#[derive(Debug)]
pub(super) struct Methods {
    known: HashMap<String, Arc<Method>>,
    unknown: Arc<Method>,
}

impl Methods {
    /// The RPCs of these services, and health and reflection.
    pub(super) fn of(services: &[&str]) -> Self {
        let mut known: HashMap<String, Arc<Method>> = mesh_proto::methods()
            .iter()
            .filter(|method| services.contains(&method.descriptor.parent_service().full_name()))
            .map(|method| (method.path.clone(), Arc::new(described(method))))
            .collect();
        for (service, name, form) in OPEN {
            known.insert(format!("/{service}/{name}"), Arc::new(open(service, name, form)));
        }
        Self { known, unknown: Arc::new(open("unknown", "unknown", "unary")) }
    }

    /// The RPC at this path, and whether there is one.
    pub(super) fn find(&self, path: &str) -> (Arc<Method>, bool) {
        match self.known.get(path) {
            Some(method) => (Arc::clone(method), true),
            None => (Arc::clone(&self.unknown), false),
        }
    }
}

/// What every server has beside the contract, open to everybody.
const OPEN: &[(&str, &str, &str)] = &[
    ("grpc.health.v1.Health", "Check", "unary"),
    ("grpc.health.v1.Health", "Watch", "server_stream"),
    ("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo", "bidi_stream"),
    ("grpc.reflection.v1alpha.ServerReflection", "ServerReflectionInfo", "bidi_stream"),
];

fn described(method: &mesh_proto::Method) -> Method {
    let descriptor = &method.descriptor;
    let service = descriptor.parent_service().full_name().to_owned();
    Method {
        metrics: MethodMetrics::new(
            &service,
            descriptor.name(),
            form(descriptor.is_client_streaming(), descriptor.is_server_streaming()),
        ),
        service,
        name: descriptor.name().to_owned(),
        scope: (!method.public).then(|| method.scope.clone()),
        streaming: descriptor.is_client_streaming() || descriptor.is_server_streaming(),
        endless: method.stream == StreamForm::Sse,
    }
}

fn open(service: &str, name: &str, form: &str) -> Method {
    let endless = form != "unary";
    Method {
        service: service.to_owned(),
        name: name.to_owned(),
        scope: None,
        streaming: endless,
        endless,
        metrics: MethodMetrics::new(service, name, form),
    }
}

/// Which side streams, in the words of gRPC's metrics.
fn form(client: bool, server: bool) -> &'static str {
    match (client, server) {
        (false, false) => "unary",
        (true, false) => "client_stream",
        (false, true) => "server_stream",
        (true, true) => "bidi_stream",
    }
}
