//! Which RPCs can be called, where each is served, and which may be sent again.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use http::uri::PathAndQuery;
use mesh_proto::{Method, generated::google::api::http_rule::Pattern};
use mesh_rpc::{Channel, Repeat, Safety};
use prost_reflect::Kind;
use tokio::time::Instant;

use super::limits::Places;

/// One RPC of the contract and the service it is forwarded to.
#[derive(Debug)]
pub(crate) struct Rpc {
    pub(crate) method: &'static Method,
    pub(crate) channel: Channel,
    pub(crate) path: PathAndQuery,
    /// How many unary calls its service is given at once.
    pub(crate) calls: Arc<Places>,
    safety: Safety,
}

impl Rpc {
    /// When a call that must be over by `deadline` may be sent again.
    pub(crate) fn repeat(&self, deadline: Option<Instant>) -> Repeat {
        Repeat { safety: self.safety, unary: !self.method.descriptor.is_client_streaming(), deadline }
    }

    /// Whether either side may send more than one message.
    pub(crate) fn is_stream(&self) -> bool {
        self.method.descriptor.is_server_streaming() || self.method.descriptor.is_client_streaming()
    }
}

/// Every RPC that can be called, by its path in gRPC.
#[derive(Debug)]
pub(crate) struct Table(HashMap<&'static str, Arc<Rpc>>);

impl Table {
    /// The RPCs of the services in `upstreams`, each of which is given so many calls at once. What has no upstream cannot
    /// be called.
    pub(crate) fn new(
        methods: &'static [Method],
        upstreams: &BTreeMap<String, Channel>,
        max_calls_per_service: usize,
    ) -> Self {
        let services = upstreams.iter().map(|(name, channel)| (name, (channel, Places::new(max_calls_per_service))));
        let services: HashMap<_, _> = services.collect();
        let callable = methods.iter().filter_map(|method| {
            let name = method.descriptor.parent_service().full_name().to_owned();
            let (channel, calls) = services.get(&name)?;
            let (channel, calls) = (Channel::clone(channel), calls.clone());
            let path = PathAndQuery::from_static(&method.path);
            let safety = safety(method);
            Some((method.path.as_str(), Arc::new(Rpc { method, channel, path, calls, safety })))
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

/// What GET answers changes nothing; and whatever else is named by its caller is done once.
fn safety(method: &Method) -> Safety {
    let pattern = method.http.as_ref().and_then(|rule| rule.pattern.as_ref());
    if matches!(pattern, Some(Pattern::Get(_))) {
        return Safety::Safe;
    }
    let request_id = method.descriptor.input().get_field_by_name("request_id");
    let request_id = request_id.filter(|field| matches!(field.kind(), Kind::String) && !field.is_list());
    request_id.map_or(Safety::Unsafe, |field| Safety::IfSet(field.number()))
}
