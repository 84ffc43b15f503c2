//! Where an RPC begins: the caller, and a request that keeps its rules.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use mesh_proto::Validate;
use mesh_types::{Caller, ErrorKind, Fault, Reason, Violation};
use tonic::{Request, Status};

use crate::status;

/// In the extensions of every request: whether a handler has taken it. What fails before that failed in decoding.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reached(Arc<AtomicBool>);

impl Reached {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The caller and the valid message of a request.
///
/// # Errors
/// UNAUTHENTICATED without a caller; INVALID_ARGUMENT (`FIELDS_INVALID`) with every field that breaks a rule.
pub fn accept<T: Validate>(mut request: Request<T>) -> Result<(Caller, T), Status> {
    let caller = request.extensions_mut().remove::<Caller>();
    let message = accept_public(request)?;
    let missing = || status(Fault::new(ErrorKind::Unauthenticated, Reason::TokenMissing, "this call needs a token"));
    Ok((caller.ok_or_else(missing)?, message))
}

/// The valid message of a request to an RPC that is open to everybody.
///
/// # Errors
/// INVALID_ARGUMENT (`FIELDS_INVALID`) with every field that breaks a rule.
pub fn accept_public<T: Validate>(request: Request<T>) -> Result<T, Status> {
    if let Some(reached) = request.extensions().get::<Reached>() {
        reached.set();
    }
    let message = request.into_inner();
    match message.validate() {
        Ok(()) => Ok(message),
        Err(error) => Err(status(Fault::invalid(error.violations().iter().map(violation).collect()))),
    }
}

fn violation(broken: &prost_protovalidate::Violation) -> Violation {
    let description = match broken.message() {
        "" => describe(broken.rule_id()),
        message => message.to_owned(),
    };
    Violation::new(broken.field_path(), broken.rule_id(), description)
}

/// Words for the rules that come without any.
fn describe(rule: &str) -> String {
    let words = match rule {
        "string.email" | "string.email_empty" => "must be an e-mail address",
        "string.uuid" | "string.uuid_empty" => "must be a UUID",
        "string.uri" | "string.uri_empty" => "must be a URI",
        other => return format!("breaks the rule {other}"),
    };
    words.to_owned()
}
