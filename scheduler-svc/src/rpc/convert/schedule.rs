//! A schedule as the contract tells it, and back.

use mesh_proto::scheduler::v1 as proto;
use mesh_rpc::fields::{duration, duration_micros, timestamp};
use mesh_types::Timestamp;

use crate::{
    app::{WrittenSchedule, WrittenSplit},
    domain::{Coded, Schedule, SchedulePolicies, ScheduleState, StoredPolicies, Template, Upcoming},
};

const MICROS_PER_SECOND: i64 = 1_000_000;

/// The schedule as answers and events tell it.
pub(crate) fn schedule(schedule: &Schedule) -> proto::Schedule {
    proto::Schedule {
        id: schedule.id.to_string(),
        workspace_id: schedule.workspace_id.to_string(),
        task_id: schedule.task_id.map(|task| task.to_string()),
        template: Some(template(&schedule.template)),
        rrule: Some(schedule.rrule.clone()),
        start: Some(schedule.start.to_string()),
        time_zone: Some(schedule.time_zone.clone()),
        policies: Some(policies(&schedule.policies)),
        state: schedule.state.code(),
        text: schedule.text.clone(),
        next_occurrence: schedule.next.map(|next| next.nominal.to_string()),
        next_time: schedule.next.map(|next| timestamp(next.time)),
        planned_count: schedule.planned_count,
        split_from_id: schedule.split_from.map(|id| id.to_string()),
        ends_before: schedule.ends_before.map(|end| end.to_string()),
        pause_time: schedule.pause_time.map(timestamp),
        end_time: schedule.end_time.map(timestamp),
        create_time: Some(timestamp(schedule.create_time)),
        update_time: Some(timestamp(schedule.update_time)),
        delete_time: schedule.delete_time.map(timestamp),
        version: schedule.version,
        etag: schedule.etag().to_string(),
        created_by: schedule.created_by.to_string(),
        change_id: String::new(),
    }
}

/// The answer to a mutation.
pub(in crate::rpc) fn written_schedule(written: &WrittenSchedule) -> proto::Schedule {
    let change_id = written.change_id.map(|id| id.to_string()).unwrap_or_default();
    proto::Schedule { change_id, ..schedule(&written.schedule) }
}

/// The answer to a split.
pub(in crate::rpc) fn written_split(written: &WrittenSplit) -> proto::SplitScheduleResponse {
    let (cut, created) = (written_schedule(&written.cut), written_schedule(&written.created));
    proto::SplitScheduleResponse { ended: Some(cut), created: Some(created) }
}

/// The schedule that an event of ours tells of; `None` if it is none. The rules of requests do not apply: what was
/// accepted once is believed.
pub(crate) fn kept_schedule(schedule: proto::Schedule) -> Option<Schedule> {
    let next = schedule.next_occurrence.zip(schedule.next_time);
    let next = match next {
        Some((nominal, time)) => Some(Upcoming { nominal: nominal.parse().ok()?, time: kept_timestamp(time) }),
        None => None,
    };
    Some(Schedule {
        id: schedule.id.parse().ok()?,
        workspace_id: schedule.workspace_id.parse().ok()?,
        task_id: parsed(schedule.task_id)?,
        template: kept_template(schedule.template?)?,
        rrule: schedule.rrule?,
        text: schedule.text,
        start: schedule.start?.parse().ok()?,
        time_zone: schedule.time_zone?,
        policies: kept_policies(&schedule.policies?)?,
        state: ScheduleState::coded(schedule.state)?,
        next,
        planned_count: schedule.planned_count,
        split_from: parsed(schedule.split_from_id)?,
        rules_from: None,
        ends_before: parsed(schedule.ends_before)?,
        pause_time: schedule.pause_time.map(kept_timestamp),
        end_time: schedule.end_time.map(kept_timestamp),
        create_time: kept_timestamp(schedule.create_time?),
        update_time: kept_timestamp(schedule.update_time?),
        delete_time: schedule.delete_time.map(kept_timestamp),
        version: schedule.version,
        created_by: schedule.created_by.parse().ok()?,
    })
}

/// `Some(None)` is unset; `None` makes no sense.
fn parsed<T: std::str::FromStr>(text: Option<String>) -> Option<Option<T>> {
    text.map_or(Some(None), |text| text.parse().ok().map(Some))
}

fn template(template: &Template) -> proto::TaskTemplate {
    proto::TaskTemplate {
        title: Some(template.title.clone()),
        description: template.description.clone(),
        priority: template.priority,
        tags: template.tags.clone(),
        list_id: template.list_id.map(|id| id.to_string()),
        parent_id: template.parent_id.map(|id| id.to_string()),
        start_before: template.start_before_seconds.map(|seconds| duration(seconds * MICROS_PER_SECOND)),
    }
}

fn kept_template(template: proto::TaskTemplate) -> Option<Template> {
    let start_before = template.start_before.as_ref().and_then(duration_micros);
    Some(Template {
        title: template.title?,
        description: template.description,
        priority: template.priority,
        tags: template.tags,
        list_id: template.list_id.as_deref().and_then(|id| id.parse().ok()),
        parent_id: template.parent_id.as_deref().and_then(|id| id.parse().ok()),
        start_before_seconds: start_before.map(|micros| micros / MICROS_PER_SECOND),
    })
}

fn policies(policies: &SchedulePolicies) -> proto::SchedulePolicies {
    let stored = StoredPolicies::from(policies);
    proto::SchedulePolicies {
        advance: Some(stored.advance),
        generation: stored.generation,
        ahead_count: stored.ahead_count,
        ahead_horizon: stored.ahead_seconds.map(|seconds| duration(seconds * MICROS_PER_SECOND)),
        weekend: Some(stored.weekend),
        missed: Some(stored.missed),
        month_end: Some(stored.month_end),
        dst_gap: Some(stored.dst_gap),
        dst_overlap: Some(stored.dst_overlap),
        end_date: stored.end_date,
        end_count: stored.end_count,
    }
}

fn kept_policies(policies: &proto::SchedulePolicies) -> Option<SchedulePolicies> {
    stored_policies(policies).read()
}

/// The numbers of the policies; what is unset is the default.
pub(super) fn stored_policies(policies: &proto::SchedulePolicies) -> StoredPolicies {
    let usual = StoredPolicies::from(&SchedulePolicies::default());
    let horizon = policies.ahead_horizon.as_ref().and_then(duration_micros);
    StoredPolicies {
        advance: policies.advance.unwrap_or(usual.advance),
        generation: policies.generation.or(usual.generation),
        ahead_count: policies.ahead_count,
        ahead_seconds: horizon.map(|micros| micros / MICROS_PER_SECOND),
        missed: policies.missed.unwrap_or(usual.missed),
        weekend: policies.weekend.unwrap_or(usual.weekend),
        month_end: policies.month_end.unwrap_or(usual.month_end),
        dst_gap: policies.dst_gap.unwrap_or(usual.dst_gap),
        dst_overlap: policies.dst_overlap.unwrap_or(usual.dst_overlap),
        end_date: policies.end_date.clone(),
        end_count: policies.end_count,
    }
}

fn kept_timestamp(time: prost_types::Timestamp) -> Timestamp {
    Timestamp::from_parts(time.seconds, time.nanos).unwrap_or_default()
}
