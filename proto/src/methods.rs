//! What is said of each RPC in the contract: its route, its scope, how it streams.

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, ExtensionDescriptor, MethodDescriptor};

use crate::{
    Contract,
    generated::{google::api::HttpRule, taskmesh::api::v1::MethodOptions},
};

pub use crate::generated::taskmesh::api::v1::{ErrorReason, StreamForm};

/// One public RPC.
#[derive(Clone, Debug)]
pub struct Method {
    /// Its path in gRPC, such as `/taskmesh.task.v1.TaskService/GetTask`.
    pub path: String,
    /// Its descriptor: input, output, streaming.
    pub descriptor: MethodDescriptor,
    /// Its REST route, if it has one.
    pub http: Option<HttpRule>,
    /// Whether it is open to callers without a token.
    pub public: bool,
    /// The scope a token must hold; empty only where it is public.
    pub scope: String,
    /// How it streams over REST.
    pub stream: StreamForm,
    /// The request field that takes `Last-Event-ID`; empty is none.
    pub last_event_id_field: String,
    /// The fields of the resource in the request that must be there, beyond what its rules say.
    pub required_fields: Vec<String>,
    /// Reasons for which it fails, beyond those that follow from what it takes and is.
    pub reasons: Vec<ErrorReason>,
}

/// Every RPC of every service in the contract of Taskmesh, in the order of the files.
pub fn methods() -> &'static [Method] {
    Contract::taskmesh().methods()
}

/// Every RPC of every service that these descriptors describe.
pub(crate) fn of(descriptors: &DescriptorPool) -> Vec<Method> {
    descriptors.services().flat_map(|service| service.methods().map(describe).collect::<Vec<_>>()).collect()
}

fn describe(descriptor: MethodDescriptor) -> Method {
    let options: MethodOptions = option(&descriptor, "taskmesh.api.v1.method").unwrap_or_default();
    Method {
        path: format!("/{}/{}", descriptor.parent_service().full_name(), descriptor.name()),
        http: option(&descriptor, "google.api.http"),
        public: options.public,
        stream: options.stream(),
        reasons: options.reasons().collect(),
        required_fields: options.required_fields,
        scope: options.scope,
        last_event_id_field: options.last_event_id_field,
        descriptor,
    }
}

/// The value of a message-typed method option, if it is set.
fn option<T: Message + Default>(method: &MethodDescriptor, name: &str) -> Option<T> {
    let extension: ExtensionDescriptor = method.parent_pool().get_extension_by_name(name)?;
    let options: DynamicMessage = method.options();
    if !options.has_extension(&extension) {
        return None;
    }
    let value = options.get_extension(&extension);
    T::decode(value.as_message()?.encode_to_vec().as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_public_or_names_a_scope() {
        assert!(!methods().is_empty());
        for method in methods() {
            assert_ne!(method.public, !method.scope.is_empty(), "{}", method.path);
        }
    }

    #[test]
    fn every_method_but_client_streams_has_a_route() {
        for method in methods() {
            assert!(method.http.is_some() || method.descriptor.is_client_streaming(), "{}", method.path);
        }
    }

    #[test]
    fn every_required_field_is_one_of_the_resource() {
        for method in methods().iter().filter(|method| !method.required_fields.is_empty()) {
            let body = method.http.as_ref().map(|rule| rule.body.clone()).unwrap_or_default();
            let resource = method.descriptor.input().get_field_by_name(&body).map(|field| field.kind());
            let resource = resource.as_ref().and_then(prost_reflect::Kind::as_message).expect("a resource in the body");
            for name in &method.required_fields {
                assert!(resource.get_field_by_name(name).is_some(), "{name} of {}", method.path);
            }
        }
    }

    #[test]
    fn every_path_and_body_names_fields_of_its_request() {
        for method in methods() {
            let Some(rule) = &method.http else { continue };
            let (input, text) = (method.descriptor.input(), format!("{:?}", rule.pattern));
            let names = text.split('{').skip(1).filter_map(|rest| rest.split(['}', '.', '=']).next());
            let body = Some(rule.body.as_str()).filter(|body| !body.is_empty() && *body != "*");
            for name in names.chain(body) {
                assert!(input.get_field_by_name(name).is_some(), "{name} of {}", method.path);
            }
        }
    }
}
