//! What happened, as the event log and the bus carry it; and the task in such an event.

use bytes::Bytes;
use mesh_events::{Envelope, NewEvent};
use mesh_proto::{event::v1::TaskChanged, task::v1 as proto};
use mesh_types::{Caller, Timestamp};
use prost::Message;
use uuid::Uuid;

use crate::{
    domain::{Field, Task, TaskEvent},
    rpc::convert,
};

/// What this service's events are about.
pub const ENTITY: &str = "task";

const EVENT_TYPE: &str = "taskmesh.event.v1.TaskChanged";

/// The event as it is appended to the log: `id` is its own, `caller` made it happen at `time`.
pub fn encode(event: &TaskEvent, id: Uuid, caller: &Caller, time: Timestamp) -> NewEvent {
    let changed = event.changed();
    let body = TaskChanged {
        after: Some(convert::task(&event.after)),
        before: event.before.as_ref().map(|before| only(&changed, convert::task(before))),
        changed: Some(prost_types::FieldMask { paths: changed.iter().map(|field| field.path().to_owned()).collect() }),
    };
    NewEvent {
        id,
        time,
        workspace_id: event.after.workspace_id,
        entity: ENTITY,
        aggregate_id: event.after.id.0,
        version: event.after.version,
        verb: event.verb.as_str(),
        event_type: EVENT_TYPE,
        actor: caller.actor.clone(),
        trace_parent: caller.trace_parent.clone(),
        payload: Bytes::from(body.encode_to_vec()),
    }
}

/// The task after an event; `None` if it is not an event of a task.
pub fn decode(event: &Envelope) -> Option<Task> {
    if event.event_type != EVENT_TYPE {
        return None;
    }
    let body = TaskChanged::decode(event.payload.clone()).ok()?;
    convert::kept_task(body.after?)
}

/// The task with these fields and no others.
fn only(fields: &[Field], mut task: proto::Task) -> proto::Task {
    let mut kept = proto::Task::default();
    for field in fields {
        match field {
            Field::ListId => kept.list_id = task.list_id.take(),
            Field::ParentId => kept.parent_id = task.parent_id.take(),
            Field::Title => kept.title = task.title.take(),
            Field::Description => kept.description = task.description.take(),
            Field::Status => kept.status = task.status,
            Field::Priority => kept.priority = task.priority,
            Field::Tags => kept.tags = std::mem::take(&mut task.tags),
            Field::Start => kept.start = task.start.take(),
            Field::Due => kept.due = task.due.take(),
            Field::Position => kept.position = std::mem::take(&mut task.position),
            Field::ScheduleId => kept.schedule_id = task.schedule_id.take(),
            Field::Occurrence => kept.occurrence = task.occurrence.take(),
            Field::CompletedTime => kept.completed_time = task.completed_time,
            Field::DeleteTime => kept.delete_time = task.delete_time,
        }
    }
    kept
}
