//! Reminders that are due within seconds, and everything that can come between: moves, snoozes, deletions, and tasks
//! that are done first.

use std::time::Duration;

use mesh_proto::{
    scheduler::v1::{
        CreateReminderRequest, DeleteReminderRequest, DismissReminderRequest, Reminder, SnoozeReminderRequest,
        UpdateReminderRequest,
    },
    task::v1::{Task, TaskTime, task_time},
};
use mesh_types::{Clock, SystemClock, Timestamp};
use prost_types::FieldMask;

use super::{
    caller::request_id,
    lane::Lane,
    tasks::{self, Verb, by_id},
};
use crate::campaign::{instants, pause};

/// What comes between a reminder and its due.
#[derive(Clone, Copy, Debug)]
enum Plot {
    Leave,
    Move,
    Snooze,
    Delete,
    Dismiss,
    FinishTask,
    FinishAndReopen,
    MoveDue,
}

const PLOTS: [Plot; 9] = [
    Plot::Leave,
    Plot::Leave,
    Plot::Move,
    Plot::Snooze,
    Plot::Delete,
    Plot::Dismiss,
    Plot::FinishTask,
    Plot::FinishAndReopen,
    Plot::MoveDue,
];

/// Makes a task with a reminder or two, and lets something come between.
pub(super) async fn story(lane: &mut Lane) -> Option<()> {
    let plot = lane.rng.pick(&PLOTS);
    let due = soon(lane);
    let title = Some(format!("appointment {}", lane.rng.number(1..=1_000_000)));
    let task = tasks::create(lane, Task { title, due: Some(fixed(due)), ..Task::default() }).await?;
    let by_offset = lane.rng.chance(50) || matches!(plot, Plot::MoveDue);
    let mut wanted = vec![if by_offset { relative(lane) } else { absolute(soon(lane)) }];
    if lane.rng.chance(30) {
        wanted.push(absolute(soon(lane)));
    }
    let mut reminders = Vec::new();
    for reminder in wanted {
        reminders.push(create(lane, &task.id, reminder).await?);
    }
    happen(lane, plot, &task.id, &reminders[0]).await?;
    lane.wait(500..=4_000).await;
    Some(())
}

async fn happen(lane: &mut Lane, plot: Plot, task: &str, reminder: &Reminder) -> Option<()> {
    match plot {
        Plot::Leave => {}
        Plot::Move => {
            for _ in 0..lane.rng.number(1..=3) {
                approach(lane, reminder).await;
                let at = soon(lane);
                move_to(lane, &reminder.id, at).await?;
            }
        }
        Plot::Snooze => {
            for _ in 0..lane.rng.number(1..=2) {
                approach(lane, reminder).await;
                snooze(lane, &reminder.id).await?;
            }
        }
        Plot::Delete => {
            approach(lane, reminder).await;
            delete(lane, &reminder.id).await?;
        }
        Plot::Dismiss => {
            approach(lane, reminder).await;
            dismiss(lane, &reminder.id).await?;
        }
        Plot::FinishTask | Plot::FinishAndReopen => {
            approach(lane, reminder).await;
            let verb = lane.rng.pick(&[Verb::Completed, Verb::Cancelled, Verb::Deleted]);
            tasks::change(lane, verb, task).await?;
            if matches!(plot, Plot::FinishAndReopen) {
                lane.wait(0..=2_000).await;
                let back = if verb == Verb::Deleted { Verb::Undeleted } else { Verb::Reopened };
                tasks::change(lane, back, task).await?;
            }
        }
        Plot::MoveDue => {
            approach(lane, reminder).await;
            let due = soon(lane);
            tasks::set_due(lane, task, fixed(due)).await?;
        }
    }
    Some(())
}

/// Waits for the moment of the doing: any time, right before the due, or after it.
async fn approach(lane: &mut Lane, reminder: &Reminder) {
    let due = reminder.fire_time.as_ref().and_then(instants::read);
    let left = due.map(|due| due.since(SystemClock.now())).unwrap_or_default();
    let wait = match lane.rng.number(0..=3) {
        0 => lane.rng.millis(0..=300),
        // A second before, which is what the guarantee speaks of.
        1 => left.saturating_sub(Duration::from_millis(1_100)),
        2 => left.saturating_sub(lane.rng.millis(0..=400)),
        _ => left + lane.rng.millis(100..=2_000),
    };
    pause(wait.min(Duration::from_secs(20))).await;
}

/// An instant within some seconds.
fn soon(lane: &mut Lane) -> Timestamp {
    SystemClock.now().plus(lane.rng.millis(1_000..=8_000))
}

fn fixed(instant: Timestamp) -> TaskTime {
    TaskTime { value: Some(task_time::Value::Time(instants::write(instant))), time_zone: String::new() }
}

fn absolute(at: Timestamp) -> Reminder {
    Reminder { at: Some(instants::write(at)), ..Reminder::default() }
}

fn relative(lane: &mut Lane) -> Reminder {
    let seconds = lane.rng.number(0..=4) as i64 - 3;
    Reminder { offset: Some(prost_types::Duration { seconds, nanos: 0 }), ..Reminder::default() }
}

async fn create(lane: &mut Lane, task: &str, reminder: Reminder) -> Option<Reminder> {
    let request = CreateReminderRequest {
        reminder: Some(reminder),
        request_id: request_id(),
        task_id: task.to_owned(),
        ..CreateReminderRequest::default()
    };
    let acked = lane.ask("taskmesh.scheduler.v1.SchedulerService/CreateReminder", &request).await?;
    Some(lane.reminder("created", acked))
}

async fn move_to(lane: &mut Lane, id: &str, at: Timestamp) -> Option<Reminder> {
    let reminder = Reminder { id: id.to_owned(), ..absolute(at) };
    let update_mask = Some(FieldMask { paths: vec!["at".to_owned()] });
    let request = UpdateReminderRequest { reminder: Some(reminder), update_mask, request_id: request_id() };
    let acked = lane.ask("taskmesh.scheduler.v1.SchedulerService/UpdateReminder", &request).await?;
    Some(lane.reminder("updated", acked))
}

async fn snooze(lane: &mut Lane, id: &str) -> Option<Reminder> {
    let seconds = lane.rng.number(1..=5) as i64;
    let request = SnoozeReminderRequest {
        id: id.to_owned(),
        request_id: request_id(),
        delay: Some(prost_types::Duration { seconds, nanos: 0 }),
        ..SnoozeReminderRequest::default()
    };
    let acked = lane.ask("taskmesh.scheduler.v1.SchedulerService/SnoozeReminder", &request).await?;
    Some(lane.reminder("snoozed", acked))
}

async fn delete(lane: &mut Lane, id: &str) -> Option<Reminder> {
    let acked = by_id!(lane, "scheduler.v1.SchedulerService", "DeleteReminder", DeleteReminderRequest, id)?;
    Some(lane.reminder("deleted", acked))
}

async fn dismiss(lane: &mut Lane, id: &str) -> Option<Reminder> {
    let acked = by_id!(lane, "scheduler.v1.SchedulerService", "DismissReminder", DismissReminderRequest, id)?;
    Some(lane.reminder("dismissed", acked))
}
