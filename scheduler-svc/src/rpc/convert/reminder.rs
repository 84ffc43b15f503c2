//! A reminder as the contract tells it, and back.

use mesh_proto::scheduler::v1 as proto;
use mesh_rpc::fields::{duration, duration_micros, instant, timestamp};
use mesh_types::Timestamp;

use crate::{
    app::Written,
    domain::{Anchor, PersonDay, Reminder, State, When},
};

/// The reminder as answers and events tell it.
pub(crate) fn reminder(reminder: &Reminder) -> proto::Reminder {
    proto::Reminder {
        id: reminder.id.to_string(),
        workspace_id: reminder.workspace_id.to_string(),
        task_id: reminder.task_id.to_string(),
        user_id: reminder.user_id.to_string(),
        offset: reminder.offset().map(duration),
        anchor: reminder.anchor().map(|anchor| anchor.code().into()),
        at: reminder.at().map(timestamp),
        repeat_interval: reminder.repeat_micros.map(duration),
        repeat_limit: reminder.repeat_limit,
        channel_ids: reminder.channel_ids.iter().map(ToString::to_string).collect(),
        carry_over: reminder.carry_over,
        state: reminder.state.code().into(),
        fire_time: reminder.fire_time.map(timestamp),
        last_fire_time: reminder.last_fire_time.map(timestamp),
        fire_count: reminder.fire_count,
        late: reminder.late,
        snooze_until: reminder.told_snooze().map(timestamp),
        create_time: Some(timestamp(reminder.create_time)),
        update_time: Some(timestamp(reminder.update_time)),
        delete_time: reminder.delete_time.map(timestamp),
        version: reminder.version,
        etag: reminder.etag().to_string(),
        created_by: reminder.user_id.to_string(),
        change_id: String::new(),
    }
}

/// The answer to a mutation.
pub(in crate::rpc) fn written(written: &Written) -> proto::Reminder {
    let change_id = written.change_id.map(|id| id.to_string()).unwrap_or_default();
    proto::Reminder { change_id, ..reminder(&written.reminder) }
}

/// The reminder that an event of ours tells of, as far as it is told; `None` if it is none. The rules of requests do not
/// apply: what was accepted once is believed.
pub(crate) fn kept_reminder(reminder: proto::Reminder) -> Option<Reminder> {
    Some(Reminder {
        id: reminder.id.parse().ok()?,
        workspace_id: reminder.workspace_id.parse().ok()?,
        task_id: reminder.task_id.parse().ok()?,
        user_id: reminder.user_id.parse().ok()?,
        when: kept_when(&reminder)?,
        repeat_micros: reminder.repeat_interval.as_ref().and_then(duration_micros),
        repeat_limit: reminder.repeat_limit,
        channel_ids: reminder.channel_ids.iter().map(|id| id.parse().ok()).collect::<Option<_>>()?,
        carry_over: reminder.carry_over,
        state: State::coded(i16::try_from(reminder.state).ok()?)?,
        fire_time: kept_time(reminder.fire_time),
        last_fire_time: kept_time(reminder.last_fire_time),
        fire_count: reminder.fire_count,
        late: reminder.late,
        snooze_until: kept_time(reminder.snooze_until),
        create_time: kept_time(reminder.create_time)?,
        update_time: kept_time(reminder.update_time)?,
        delete_time: kept_time(reminder.delete_time),
        version: reminder.version,
        base: None,
        round: 0,
        day: PersonDay::default(),
        trace_parent: None,
    })
}

fn kept_when(reminder: &proto::Reminder) -> Option<When> {
    match (reminder.offset.as_ref(), reminder.at) {
        (Some(offset), None) => {
            let anchor = reminder.anchor.and_then(|code| Anchor::coded(i16::try_from(code).ok()?));
            Some(When::Offset(duration_micros(offset)?, anchor.unwrap_or_default()))
        }
        (None, at) => kept_time(at).map(When::At),
        _ => None,
    }
}

/// What comes of a span that was added may lie beyond the calendar; it is kept all the same.
fn kept_time(time: Option<prost_types::Timestamp>) -> Option<Timestamp> {
    let time = time?;
    instant(&time).or_else(|| Timestamp::from_parts(time.seconds, time.nanos))
}
