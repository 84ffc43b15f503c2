//! Who or what made something happen, as its event tells it.

use mesh_types::{Actor, Caller, Timestamp, UserId};
use uuid::Uuid;

/// Who made something happen, and in which trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Who.
    pub actor: Actor,
    /// The W3C `traceparent`, if there was one.
    pub trace_parent: Option<String>,
}

/// What an event is told with.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The event's own id.
    pub id: Uuid,
    /// When it happened.
    pub time: Timestamp,
    /// Who or what made it happen.
    pub cause: &'a Cause,
}

impl Cause {
    /// Somebody called.
    pub fn of_call(caller: &Caller) -> Self {
        Self { actor: caller.actor.clone(), trace_parent: caller.trace_parent.clone() }
    }

    /// The time had come, and this service acted for `user`.
    pub fn acting_for(user: UserId) -> Self {
        let actor = Actor {
            user_id: user,
            service: Some("scheduler-svc".to_owned()),
            token_id: None,
            client_address: None,
            user_agent: None,
        };
        Self { actor, trace_parent: None }
    }

    /// The same, as a part of this trace.
    #[must_use]
    pub fn within(self, trace_parent: Option<String>) -> Self {
        Self { trace_parent, ..self }
    }
}
