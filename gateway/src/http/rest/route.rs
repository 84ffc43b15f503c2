//! A route: which parts of an HTTP request fill which fields of an RPC's request.

use std::sync::Arc;

use http::Method;
use mesh_proto::{StreamForm, generated::google::api::HttpRule};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::{
    field,
    path::{Span, Template},
};
use crate::http::table::Rpc;

/// A variable of the path.
#[derive(Debug)]
pub(crate) struct Capture {
    /// The field it fills, from the request's message down.
    pub(crate) field: Vec<FieldDescriptor>,
    /// The segments it takes.
    pub(crate) span: Span,
}

/// What the HTTP body fills.
#[derive(Debug)]
pub(crate) enum BodyRule {
    /// Nothing: it is ignored.
    Nothing,
    /// Every field that the path does not.
    Everything,
    /// One field.
    Field(FieldDescriptor),
    /// A `google.api.HttpBody`, which takes it as it is: the request itself, or this field of it.
    Raw(Option<FieldDescriptor>),
}

impl BodyRule {
    fn new(input: &MessageDescriptor, body: &str) -> Result<Self, String> {
        match body {
            "" => Ok(Self::Nothing),
            "*" if is_http_body(input) => Ok(Self::Raw(None)),
            "*" => Ok(Self::Everything),
            name => {
                let field = find(input, name)?;
                let raw = !field.is_list() && field.kind().as_message().is_some_and(is_http_body);
                Ok(if raw { Self::Raw(Some(field)) } else { Self::Field(field) })
            }
        }
    }
}

/// Whether the message stands for bytes that travel over HTTP as they are.
pub(super) fn is_http_body(message: &MessageDescriptor) -> bool {
    message.full_name() == "google.api.HttpBody"
}

fn find(message: &MessageDescriptor, name: &str) -> Result<FieldDescriptor, String> {
    message.get_field_by_name(name).ok_or_else(|| format!("there is no field {name}"))
}

/// One REST route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) rpc: Arc<Rpc>,
    pub(crate) verb: Method,
    pub(crate) template: Template,
    pub(crate) input: MessageDescriptor,
    pub(crate) output: MessageDescriptor,
    pub(crate) captures: Vec<Capture>,
    pub(crate) body: BodyRule,
    /// The field of the answer that is told; `None` is all of it.
    pub(crate) response_body: Option<FieldDescriptor>,
    /// The answer's etag.
    pub(crate) answer_etag: Option<FieldDescriptor>,
    /// Takes `Idempotency-Key`.
    pub(crate) request_id: Option<FieldDescriptor>,
    /// Takes `If-Match`.
    pub(crate) etag: Option<Vec<FieldDescriptor>>,
    /// Takes the names of the fields in the body of a PATCH.
    pub(crate) update_mask: Option<FieldDescriptor>,
    /// Takes `Last-Event-ID`.
    pub(crate) last_event_id: Option<FieldDescriptor>,
    /// Tells the id of each event of a stream.
    pub(crate) event_id: Option<FieldDescriptor>,
    /// How it streams, if it does.
    pub(crate) stream: Option<StreamForm>,
}

impl Route {
    /// # Errors
    /// When the rule names a field that is not there.
    pub(super) fn new(rpc: Arc<Rpc>, verb: Method, template: Template, rule: &HttpRule) -> Result<Self, String> {
        let (input, output) = (rpc.method.descriptor.input(), rpc.method.descriptor.output());
        let captures = template
            .captures
            .iter()
            .map(|(name, span)| Ok(Capture { field: field::resolve(&input, name)?, span: *span }));
        let captures = captures.collect::<Result<_, String>>()?;
        let body = BodyRule::new(&input, &rule.body)?;
        if rpc.method.descriptor.is_client_streaming() && !matches!(body, BodyRule::Everything | BodyRule::Field(_)) {
            return Err("a stream of requests comes in a body of JSON".to_owned());
        }
        let resume = Some(rpc.method.last_event_id_field.as_str()).filter(|name| !name.is_empty());
        let told = Some(rule.response_body.as_str()).filter(|name| !name.is_empty());
        let is_stream = rpc.method.descriptor.is_server_streaming();
        Ok(Self {
            response_body: told.map(|name| find(&output, name)).transpose()?,
            request_id: string_field(&input, "request_id"),
            answer_etag: string_field(&output, "etag"),
            etag: etag(&input, &body),
            update_mask: mask_field(&input).filter(|_| verb == Method::PATCH),
            last_event_id: resume.map(|name| find(&input, name)).transpose()?,
            event_id: resume.and_then(|name| string_field(&output, name)),
            stream: is_stream.then_some(rpc.method.stream),
            rpc,
            verb,
            template,
            input,
            output,
            captures,
            body,
        })
    }

    /// Whether the path fills the field at this path.
    pub(crate) fn is_captured(&self, path: &[FieldDescriptor]) -> bool {
        self.captures.iter().any(|capture| capture.field == path)
    }
}

fn string_field(message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    message.get_field_by_name(name).filter(|field| matches!(field.kind(), Kind::String) && !field.is_list())
}

fn mask_field(message: &MessageDescriptor) -> Option<FieldDescriptor> {
    message
        .get_field_by_name("update_mask")
        .filter(|field| matches!(field.kind(), Kind::Message(kind) if kind.full_name() == "google.protobuf.FieldMask"))
}

/// The request's own etag, or that of the resource in its body.
fn etag(input: &MessageDescriptor, body: &BodyRule) -> Option<Vec<FieldDescriptor>> {
    if let Some(field) = string_field(input, "etag") {
        return Some(vec![field]);
    }
    let BodyRule::Field(resource) = body else { return None };
    field::resolve(input, &format!("{}.etag", resource.name())).ok()
}

#[cfg(test)]
pub(super) mod sample {
    //! RPCs of the contract for the tests of this folder; they lead nowhere.

    use mesh_rpc::Upstream;

    use super::*;
    use crate::http::table::Table;

    /// The RPC at this path in gRPC.
    pub(in crate::http::rest) fn rpc(path: &str) -> Arc<Rpc> {
        table().get(path).cloned().expect("the contract has it")
    }

    /// All of TaskService.
    pub(in crate::http::rest) fn table() -> Table {
        let nowhere = Upstream::Memory(mesh_rpc::memory().0).channel("nowhere").expect("memory has an address");
        let upstreams = [("taskmesh.task.v1.TaskService".to_owned(), nowhere)].into();
        Table::new(mesh_proto::methods(), &upstreams, 0)
    }
}
