//! Requests about schedules and their occurrences.

use mesh_proto::scheduler::v1 as proto;
use mesh_recurrence::Nominal;
use mesh_rpc::fields::{Checks, instant, new_home, refuse_filter, request_id, workspaces};
use mesh_types::{Etag, Fault, PageSize, Timestamp};
use uuid::Uuid;

use super::{schedule_edits, schedule_fields};
use crate::{
    app::{
        CreateSchedule, DeleteSchedule, ListOccurrences, ListSchedules, SkipOccurrence, SplitSchedule, Target,
        UpdateSchedule,
    },
    domain::{Outline, ScheduleOrder},
};

impl TryFrom<proto::CreateScheduleRequest> for CreateSchedule {
    type Error = Fault;

    fn try_from(mut request: proto::CreateScheduleRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let schedule = request.schedule.unwrap_or_default();
        let of_schedule = "schedule.workspace_id";
        let workspace = new_home(&request.workspace_id, &schedule.workspace_id, of_schedule, &mut checks);
        let draft = schedule_fields::draft(schedule, &mut checks);
        let (draft, workspace) = checks.finish(draft.zip(workspace))?;
        Ok(Self { workspace, draft, request: request_id })
    }
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
targets!(PauseScheduleRequest, ResumeScheduleRequest, EndScheduleRequest, UndeleteScheduleRequest);

impl TryFrom<proto::UpdateScheduleRequest> for UpdateSchedule {
    type Error = Fault;

    fn try_from(mut request: proto::UpdateScheduleRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let mut schedule = request.schedule.unwrap_or_default();
        let id = checks.uuid("schedule.id", &schedule.id);
        let etag = checks.token("schedule.etag", std::mem::take(&mut schedule.etag)).map(Etag::sent);
        let paths = request.update_mask.map(|mask| mask.paths).unwrap_or_default();
        let edits = schedule_edits::edits(&schedule, &paths, &mut checks)?;
        let id = checks.finish(id)?;
        Ok(Self { target: Target { id, etag, request: request_id }, edits })
    }
}

impl TryFrom<proto::DeleteScheduleRequest> for DeleteSchedule {
    type Error = Fault;

    fn try_from(mut request: proto::DeleteScheduleRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let id = checks.uuid("id", &request.id);
        let etag = checks.token("etag", request.etag).map(Etag::sent);
        let open_tasks = schedule_fields::choice("open_tasks", request.open_tasks, &mut checks);
        let (id, open_tasks) = checks.finish(id.zip(open_tasks))?;
        Ok(Self { target: Target { id, etag, request: request_id }, open_tasks })
    }
}

impl TryFrom<proto::SkipOccurrenceRequest> for SkipOccurrence {
    type Error = Fault;

    fn try_from(mut request: proto::SkipOccurrenceRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let id = checks.uuid("id", &request.id);
        let etag = checks.token("etag", request.etag).map(Etag::sent);
        let occurrence = occurrence(&request.occurrence, &mut checks);
        let (id, occurrence) = checks.finish(id.zip(occurrence))?;
        Ok(Self { target: Target { id, etag, request: request_id }, occurrence })
    }
}

impl TryFrom<proto::SplitScheduleRequest> for SplitSchedule {
    type Error = Fault;

    fn try_from(mut request: proto::SplitScheduleRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let id = checks.uuid("id", &request.id);
        let etag = checks.token("etag", request.etag).map(Etag::sent);
        let occurrence = occurrence(&request.occurrence, &mut checks);
        let schedule = request.schedule.unwrap_or_default();
        let paths = request.update_mask.map(|mask| mask.paths).unwrap_or_default();
        let edits = schedule_edits::edits(&schedule, &paths, &mut checks)?;
        let (id, occurrence) = checks.finish(id.zip(occurrence))?;
        Ok(Self { target: Target { id, etag, request: request_id }, occurrence, edits })
    }
}

/// `Some(None)` is unset.
fn occurrence(text: &str, checks: &mut Checks) -> Option<Option<Nominal>> {
    let text = Some(text).filter(|text| !text.is_empty());
    schedule_fields::optional(text, |text| schedule_fields::start("occurrence", text, checks))
}

impl TryFrom<proto::ListSchedulesRequest> for ListSchedules {
    type Error = Fault;

    fn try_from(request: proto::ListSchedulesRequest) -> Result<Self, Fault> {
        refuse_filter("filter", &request.filter)?;
        let order: ScheduleOrder = request.order_by.parse()?;
        Ok(Self {
            workspaces: workspaces(&request.workspace_id)?,
            show_deleted: request.show_deleted,
            order,
            page_size: PageSize::from_request(request.page_size),
            page_token: request.page_token,
        })
    }
}

impl TryFrom<proto::ListOccurrencesRequest> for ListOccurrences {
    type Error = Fault;

    fn try_from(request: proto::ListOccurrencesRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let id = checks.uuid("id", &request.id);
        let after = bound("after", request.after.as_ref(), &mut checks);
        let before = bound("before", request.before.as_ref(), &mut checks);
        Ok(Self {
            schedule_id: checks.finish(id)?,
            after,
            before,
            page_size: PageSize::from_request(request.page_size),
            page_token: request.page_token,
        })
    }
}

impl TryFrom<proto::PreviewScheduleRequest> for Outline {
    type Error = Fault;

    fn try_from(request: proto::PreviewScheduleRequest) -> Result<Self, Fault> {
        /// How many are told unless it is said.
        const USUAL: usize = 10;
        /// How many are told at most.
        const MOST: usize = 1_000;
        let mut checks = Checks::default();
        let rrule = schedule_fields::rrule("rrule", &request.rrule, &mut checks);
        let start = schedule_fields::start("start", &request.start, &mut checks);
        let zone = Some(request.time_zone.as_str()).filter(|name| !name.is_empty());
        let time_zone =
            schedule_fields::optional(zone, |name| schedule_fields::time_zone("time_zone", name, &mut checks));
        let policies = schedule_fields::policies("policies", request.policies.as_ref(), &mut checks);
        let after = bound("after", request.after.as_ref(), &mut checks);
        let count = usize::try_from(request.count).unwrap_or_default().min(MOST);
        let rules = rrule.zip(start).zip(time_zone).zip(policies);
        let (((rrule, start), time_zone), policies) = checks.finish(rules)?;
        let count = if count == 0 { USUAL } else { count };
        Ok(Self { rrule, start, time_zone, policies, after, count })
    }
}

/// The id of the schedule to get.
pub(in crate::rpc) fn get_schedule(request: &proto::GetScheduleRequest) -> Result<Uuid, Fault> {
    let mut checks = Checks::default();
    let id = checks.uuid("id", &request.id);
    checks.finish(id)
}

fn bound(field: &str, time: Option<&prost_types::Timestamp>, checks: &mut Checks) -> Option<Timestamp> {
    let bound = instant(time?);
    if bound.is_none() {
        checks.add(field, "timestamp.range", "must be an instant between the years 1 and 9999");
    }
    bound
}
