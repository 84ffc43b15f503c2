//! Requests about reminders, read into what the use cases take.

use std::time::Duration;

use mesh_proto::scheduler::v1 as proto;
use mesh_rpc::fields::{Checks, duration_micros, instant, refuse_filter, request_id, workspaces};
use mesh_types::{Etag, Fault, PageSize, TaskId, Timestamp, WorkspaceId};

use super::{edits, fields};
use crate::{
    app::{CreateReminder, ListReminders, SnoozeReminder, Target, Until, UpdateReminder},
    domain::{Draft, OrderBy, SnoozePreset, When},
};

impl TryFrom<proto::CreateReminderRequest> for CreateReminder {
    type Error = Fault;

    fn try_from(mut request: proto::CreateReminderRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let reminder = request.reminder.unwrap_or_default();
        let task_id = task_id(&request.task_id, &reminder.task_id, &mut checks);
        let workspace = match request.workspace_id.as_str() {
            "" => Some(None),
            id => checks.uuid("workspace_id", id).map(|id| Some(WorkspaceId(id))),
        };
        let draft = draft(&reminder, &mut checks);
        let ((task_id, workspace), draft) = checks.finish(task_id.zip(workspace).zip(draft))?;
        Ok(Self { task_id, workspace, draft, request: request_id })
    }
}

/// The route names the task; the resource may name it again.
fn task_id(of_request: &str, of_reminder: &str, checks: &mut Checks) -> Option<TaskId> {
    let id = checks.uuid("task_id", of_request);
    if of_reminder.is_empty() {
        return id.map(TaskId);
    }
    let again = checks.uuid("reminder.task_id", of_reminder);
    if again.is_some() && id.is_some() && again != id {
        checks.add("reminder.task_id", "reminder.same_task", "must be the task that the request names");
    }
    id.map(TaskId)
}

fn draft(reminder: &proto::Reminder, checks: &mut Checks) -> Option<Draft> {
    // Every field is read before any is needed, so that all that is wrong is noted.
    let (offset, at) = (fields::offset(reminder, checks), fields::at(reminder, checks));
    let anchor = fields::anchor(reminder, checks);
    let repeat = fields::repeat_interval(reminder, checks);
    let channels = fields::channels(reminder, checks);
    let when = match (offset?, at?, anchor?) {
        (Some(micros), None, anchor) => Some(When::Offset(micros, anchor.unwrap_or_default())),
        (None, Some(instant), None) => Some(When::At(instant)),
        (None, Some(_), Some(_)) => {
            checks.add("reminder.anchor", "reminder.anchor_with_offset", "goes with an offset");
            None
        }
        (None, None, _) => {
            checks.add("reminder.offset", "required", "an offset or an instant is needed");
            None
        }
        (Some(_), Some(_), _) => {
            checks.add("reminder.at", "message.oneof", "does not go with an offset");
            None
        }
    };
    Some(Draft {
        when: when?,
        repeat_micros: repeat?,
        repeat_limit: reminder.repeat_limit,
        channel_ids: channels?,
        carry_over: reminder.carry_over,
    })
}

impl TryFrom<proto::UpdateReminderRequest> for UpdateReminder {
    type Error = Fault;

    fn try_from(mut request: proto::UpdateReminderRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let mut reminder = request.reminder.unwrap_or_default();
        let id = checks.uuid("reminder.id", &reminder.id);
        let etag = checks.token("reminder.etag", std::mem::take(&mut reminder.etag)).map(Etag::sent);
        let paths = request.update_mask.map(|mask| mask.paths).unwrap_or_default();
        let edits = edits::edits(&reminder, &paths, &mut checks)?;
        let id = checks.finish(id)?;
        Ok(Self { target: Target { id, etag, request: request_id }, edits })
    }
}

impl TryFrom<proto::SnoozeReminderRequest> for SnoozeReminder {
    type Error = Fault;

    fn try_from(mut request: proto::SnoozeReminderRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let id = checks.uuid("id", &request.id);
        let etag = checks.token("etag", request.etag).map(Etag::sent);
        let until = match (&request.delay, request.preset) {
            (Some(delay), _) => delay_of(delay, &mut checks).map(Until::After),
            (None, Some(code)) => preset_of(code, &mut checks).map(Until::Preset),
            (None, None) => until_of(request.until.as_ref(), &mut checks).map(Until::At),
        };
        let (id, until) = checks.finish(id.zip(until))?;
        Ok(Self { target: Target { id, etag, request: request_id }, until })
    }
}

fn delay_of(delay: &prost_types::Duration, checks: &mut Checks) -> Option<Duration> {
    let micros = duration_micros(delay).and_then(|micros| u64::try_from(micros).ok());
    if micros.is_none() {
        checks.add("delay", "duration", "must be a span of time to come");
    }
    micros.map(Duration::from_micros)
}

fn until_of(until: Option<&prost_types::Timestamp>, checks: &mut Checks) -> Option<Timestamp> {
    let until = until.and_then(instant);
    if until.is_none() {
        checks.add("until", "timestamp.range", "must be an instant between the years 1 and 9999");
    }
    until
}

fn preset_of(code: i32, checks: &mut Checks) -> Option<SnoozePreset> {
    let preset = SnoozePreset::coded(code);
    if preset.is_none() {
        checks.add("preset", "enum.defined_only", "must be a preset that is defined");
    }
    preset
}

macro_rules! targets {
    ($($request:ident),*) => {
        $(impl TryFrom<proto::$request> for Target {
            type Error = Fault;

            fn try_from(mut request: proto::$request) -> Result<Self, Fault> {
                let mut checks = Checks::default();
                let request_id = request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
                let id = checks.uuid("id", &request.id);
                let etag = checks.token("etag", request.etag).map(Etag::sent);
                Ok(Self { id: checks.finish(id)?, etag, request: request_id })
            }
        })*
    };
}
// Requests that differ in nothing but the verb.
targets!(DeleteReminderRequest, DismissReminderRequest, UndeleteReminderRequest);

impl TryFrom<proto::ListRemindersRequest> for ListReminders {
    type Error = Fault;

    fn try_from(request: proto::ListRemindersRequest) -> Result<Self, Fault> {
        refuse_filter("filter", &request.filter)?;
        let order: OrderBy = request.order_by.parse()?;
        Ok(Self {
            workspaces: workspaces(&request.workspace_id)?,
            show_deleted: request.show_deleted,
            order,
            page_size: PageSize::from_request(request.page_size),
            page_token: request.page_token,
        })
    }
}
