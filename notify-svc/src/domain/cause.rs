//! Who makes something happen.

use mesh_types::{Actor, Caller};

/// Who makes something happen, and in which trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Who.
    pub actor: Actor,
    /// The W3C `traceparent` of the call, or of the event, that led to it.
    pub trace_parent: Option<String>,
}

impl From<&Caller> for Cause {
    fn from(caller: &Caller) -> Self {
        Self { actor: caller.actor.clone(), trace_parent: caller.trace_parent.clone() }
    }
}
