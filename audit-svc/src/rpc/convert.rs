//! Between messages and the application's types.

use mesh_proto::audit::v1::{AuditActor, AuditEvent, AuditOutcome, ListAuditEventsRequest, ListEntityEventsRequest};
use mesh_rpc::fields::{Checks, refuse_filter, timestamp, workspaces};
use mesh_types::{Actor, Fault, PageSize};

use super::render;
use crate::{
    app::{EntryPage, ListAuditEvents, ListEntityEvents},
    domain::Entry,
};

impl TryFrom<ListAuditEventsRequest> for ListAuditEvents {
    type Error = Fault;

    fn try_from(message: ListAuditEventsRequest) -> Result<Self, Fault> {
        refuse_filter("filter", message.filter.trim())?;
        let workspaces = workspaces(&message.workspace_id)?;
        let page_size = PageSize::from_request(message.page_size);
        Ok(Self { workspaces, page_size, page_token: message.page_token })
    }
}

impl TryFrom<ListEntityEventsRequest> for ListEntityEvents {
    type Error = Fault;

    fn try_from(message: ListEntityEventsRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let entity_id = checks.uuid("entity_id", &message.entity_id);
        Ok(Self {
            entity: message.entity_type,
            entity_id: checks.finish(entity_id)?,
            page_size: PageSize::from_request(message.page_size),
            page_token: message.page_token,
        })
    }
}

pub(super) fn page(page: EntryPage) -> (Vec<AuditEvent>, String) {
    (page.entries.into_iter().map(event).collect(), page.next_page_token)
}

fn event(entry: Entry) -> AuditEvent {
    let Entry { happening, sequence, record_time } = entry;
    let trace_id = happening.trace_id().unwrap_or_default().to_owned();
    let change = render::change(&happening.event_type, &happening.payload);
    let raw_event = if change.is_some() { Vec::new() } else { happening.payload };
    let change = change.unwrap_or_default();
    AuditEvent {
        id: happening.event_id.to_string(),
        workspace_id: happening.workspace_id.to_string(),
        sequence,
        entity_type: happening.entity,
        entity_id: happening.entity_id.to_string(),
        entity_version: happening.version,
        action: happening.verb,
        outcome: AuditOutcome::Success.into(),
        actor: Some(actor(happening.actor)),
        event_time: Some(timestamp(happening.time)),
        record_time: Some(timestamp(record_time)),
        before: change.before,
        after: change.after,
        changed_fields: change.changed,
        source: happening.source,
        trace_id,
        event_type: happening.event_type,
        raw_event: raw_event.into(),
        leaf_hash: Vec::new().into(),
    }
}

fn actor(actor: Actor) -> AuditActor {
    AuditActor {
        user_id: actor.user_id.to_string(),
        service: actor.service.unwrap_or_default(),
        token_id: actor.token_id.unwrap_or_default(),
        client_address: actor.client_address.unwrap_or_default(),
        user_agent: actor.user_agent.unwrap_or_default(),
    }
}
