//! Why a call may fail, by what its RPC takes and is, and with which HTTP status.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use mesh_proto::{ErrorReason, comment};
use mesh_rpc::code_name;
use prost_reflect::{Kind, MessageDescriptor, Value};
use tonic::Code;

use super::{field, parameters};
use crate::http::rest::{BodyRule, Route, http_status};

/// The reasons of a route by HTTP status, in order.
pub(super) type Reasons = BTreeMap<u16, Vec<Reason>>;

/// A reason as documents tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    /// As `ErrorInfo.reason` tells it.
    pub(super) name: String,
    /// The name of the gRPC code, such as `NOT_FOUND`.
    pub(super) code: String,
    /// When it comes.
    pub(super) when: String,
}

/// Every reason for which the route's calls may fail.
pub(super) fn of(route: &Route) -> Reasons {
    use ErrorReason as Why;
    let method = &route.rpc.method;
    let takes = |name: &str| route.input.get_field_by_name(name).is_some();
    let mut all = vec![Why::FieldsInvalid, Why::Malformed, Why::RateLimited];
    all.extend(beyond_the_caller());
    let mut add = |applies: bool, reasons: &[Why]| all.extend(reasons.iter().filter(|_| applies));
    add(!method.public, &[Why::TokenMissing, Why::TokenInvalid, Why::TokenExpired, Why::ScopeMissing]);
    add(takes("page_token"), &[Why::PageTokenInvalid]);
    add(takes("filter"), &[Why::FilterInvalid]);
    add(takes("order_by"), &[Why::OrderByInvalid]);
    add(takes("update_mask"), &[Why::UpdateMaskInvalid]);
    add(route.last_event_id.is_some(), &[Why::ResumeTokenInvalid, Why::ResyncRequired]);
    add(route.request_id.is_some(), &[Why::RequestIdReused, Why::RequestInFlight]);
    add(parameters::is_conditional(route), &[Why::EtagMismatch]);
    // What comes with cookies, signed in or to be, must come from a page that may.
    add(route.verb != Method::GET, &[Why::CsrfRejected]);
    let changes = !method.public && route.verb != Method::GET;
    add(changes, &[Why::RoleInsufficient, Why::StateInvalid, Why::ResourceDeleted, Why::WriteConflict]);
    let creates = changes && matches!(route.body, BodyRule::Field(_)) && route.update_mask.is_none();
    add(creates, &[Why::ResourceExists, Why::QuotaExceeded]);
    add(!method.public && names_something(&route.input, 2), &[Why::ResourceNotFound]);
    all.extend(&method.reasons);

    let mut by_status = Reasons::new();
    for (status, reason) in all.into_iter().filter_map(told) {
        note(&mut by_status, status.as_u16(), reason);
    }
    // What HTTP has statuses of its own for.
    let in_bodies = [(408, Why::DeadlineExceeded), (413, Why::MessageTooLarge), (415, Why::Malformed)];
    let in_bodies = in_bodies.into_iter().filter(|_| !matches!(route.body, BodyRule::Nothing));
    for (status, reason) in in_bodies.chain([(414, Why::MessageTooLarge)]) {
        if let Some((_, reason)) = told(reason) {
            note(&mut by_status, status, reason);
        }
    }
    by_status
}

fn note(reasons: &mut Reasons, status: u16, reason: Reason) {
    let listed = reasons.entry(status).or_default();
    if !listed.contains(&reason) {
        listed.push(reason);
    }
}

/// Whether the request names a thing by its id, or a workspace.
fn names_something(message: &MessageDescriptor, depth: usize) -> bool {
    message.fields().any(|field| match field.kind() {
        Kind::String => field.name() == "workspace_id" || is_id(&field),
        Kind::Message(_) if depth > 0 && !field::is_output_only(&field) => {
            field::own_message(&field).is_some_and(|inner| names_something(&inner, depth - 1))
        }
        _ => false,
    })
}

fn is_id(field: &prost_reflect::FieldDescriptor) -> bool {
    let rules = field::rules(field);
    let string = rules.as_ref().and_then(|rules| rules.get_field_by_name("string"));
    let uuid = string.as_ref().and_then(|rules| Value::as_message(rules)?.get_field_by_name("uuid"));
    uuid.is_some_and(|uuid| uuid.as_bool() == Some(true))
}

/// The reasons that have nothing to do with what is called.
fn beyond_the_caller() -> impl Iterator<Item = ErrorReason> {
    let descriptor = mesh_proto::descriptors().get_enum_by_name("taskmesh.api.v1.ErrorReason");
    let numbers: Vec<_> = descriptor.iter().flat_map(|it| it.values()).map(|value| value.number()).collect();
    numbers.into_iter().filter_map(|number| ErrorReason::try_from(number).ok()).filter(|reason| {
        let codes = ["UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED"];
        told(*reason).is_some_and(|(_, reason)| codes.contains(&reason.code.as_str()))
    })
}

/// What the contract says of a reason: its comment begins with the gRPC code.
fn told(reason: ErrorReason) -> Option<(StatusCode, Reason)> {
    let descriptor = mesh_proto::descriptors().get_enum_by_name("taskmesh.api.v1.ErrorReason")?;
    let value = descriptor.get_value(reason.into())?;
    let text = comment(&descriptor.parent_file(), value.path());
    let (code, when) = text.split_once(": ")?;
    let status = http_status((0..=16).map(Code::from_i32).find(|known| code_name(*known) == code)?);
    let name = value.name().trim_start_matches("ERROR_REASON_").to_owned();
    Some((status, Reason { name, code: code.to_owned(), when: when.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_the_contract_has_a_status() {
        let descriptor =
            mesh_proto::descriptors().get_enum_by_name("taskmesh.api.v1.ErrorReason").expect("it is there");
        for value in descriptor.values().filter(|value| value.number() != 0) {
            let reason = ErrorReason::try_from(value.number()).expect("it is generated");
            assert!(told(reason).is_some(), "the comment of {} does not begin with a code", value.name());
        }
    }
}
