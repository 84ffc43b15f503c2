//! Which RPCs can be called, and where each is served.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use http::uri::PathAndQuery;
use mesh_proto::Method;
use tonic::transport::Channel;

/// One RPC of the contract and the service it is forwarded to.
#[derive(Debug)]
pub(crate) struct Rpc {
    pub(crate) method: &'static Method,
    pub(crate) channel: Channel,
    pub(crate) path: PathAndQuery,
}

impl Rpc {
    /// Whether either side may send more than one message.
    pub(crate) fn is_stream(&self) -> bool {
        self.method.descriptor.is_server_streaming() || self.method.descriptor.is_client_streaming()
    }
}

/// Every RPC that can be called, by its path in gRPC.
#[derive(Debug)]
pub(crate) struct Table(HashMap<&'static str, Arc<Rpc>>);

impl Table {
    /// The RPCs of the services in `upstreams`. What has no upstream cannot be called.
    pub(crate) fn new(methods: &'static [Method], upstreams: &BTreeMap<String, Channel>) -> Self {
        let callable = methods.iter().filter_map(|method| {
            let channel = upstreams.get(method.descriptor.parent_service().full_name())?.clone();
            let path = PathAndQuery::from_static(&method.path);
            Some((method.path.as_str(), Arc::new(Rpc { method, channel, path })))
        });
        Self(callable.collect())
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Arc<Rpc>> {
        self.0.get(path)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Rpc>> {
        self.0.values()
    }
}
