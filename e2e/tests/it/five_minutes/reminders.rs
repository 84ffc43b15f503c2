//! A reminder is told when it is due, and taken back when its task is done.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::{Client, Face, Inbox, Mode, Target};
use futures::future::try_join_all;
use mesh_proto::{
    notify::v1::Notification,
    scheduler::v1::{Reminder, ReminderState},
    task::v1::Task,
};
use mesh_types::{Clock, SystemClock, Timestamp};

in_both_modes! {
    a_reminder_is_told_when_it_is_due_and_taken_back_when_its_task_is_done;
    a_stream_of_notifications_resumes_where_it_stopped;
    a_snoozed_reminder_is_told_again_and_a_moved_one_at_its_new_time_only;
}

async fn a_reminder_is_told_when_it_is_due_and_taken_back_when_its_task_is_done(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    try_join_all(Face::ALL.map(async |face| told_and_taken_back(target, face).await)).await.map(drop)
}

async fn told_and_taken_back(target: &Target, face: Face) -> Result<()> {
    let (ada, client) = target.person(face, "reminded").await?;
    let task = client.create_task(task("Water the plants")).await?;
    let mut inbox = Inbox::open(&client.with_token(&ada.access_token), "").await?;
    let due = SystemClock.now().plus(Duration::from_secs(2));
    let reminder = client.create_reminder(&task.id, at(due), "").await?;
    ensure!(reminder.state() == ReminderState::Scheduled && reminder.fire_time == Some(proto(due)), "{reminder:?}");
    ensure!(reminder.task_id == task.id && reminder.user_id == ada.user_id, "{reminder:?}");

    let told = inbox.created().await?;
    let lateness = SystemClock.now().since(due);
    e2e::tell(format_args!("a reminder came {:.1} ms after its due by {face:?}", lateness.as_secs_f64() * 1e3));
    ensure!(SystemClock.now() >= due && !told.late, "{told:?}");
    ensure!(told.reminder_id() == reminder.id && told.task_id() == task.id && told.user_id == ada.user_id, "{told:?}");
    ensure!(told.event_time == Some(proto(due)) && told.title.contains("Water the plants"), "{told:?}");
    ensure!(listed(&client).await? == [told.clone()], "{:?}", listed(&client).await?);

    client.complete_task(&task.id, "").await?;
    let withdrawn = inbox.withdrawn().await?;
    ensure!(withdrawn.id == told.id && withdrawn.version > told.version, "{withdrawn:?} of {told:?}");
    let kept = listed(&client).await?;
    ensure!(kept.len() == 1 && kept[0].withdraw_time.is_some(), "{kept:?}");
    let reminders = client.all_reminders().await?;
    ensure!(reminders.len() == 1 && reminders[0].state() == ReminderState::Withdrawn, "{reminders:?}");
    Ok(())
}

async fn a_stream_of_notifications_resumes_where_it_stopped(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    try_join_all(Face::ALL.map(async |face| resumed(target, face).await)).await.map(drop)
}

async fn resumed(target: &Target, face: Face) -> Result<()> {
    let (_, client) = target.person(face, "resumer").await?;
    let task = client.create_task(task("Resume")).await?;
    let mut inbox = Inbox::open(&client, "").await?;
    // Their time has passed already, so they fire at once.
    let past = SystemClock.now().minus(Duration::from_secs(1));
    let first = client.create_reminder(&task.id, at(past), "").await?;
    ensure!(inbox.created().await?.reminder_id() == first.id);
    let token = inbox.resume_token().to_owned();
    drop(inbox);

    let missed = client.create_reminder(&task.id, at(past), "").await?;
    let mut inbox = Inbox::open(&client, &token).await?;
    let told = inbox.created().await?;
    ensure!(told.reminder_id() == missed.id, "{told:?} by {face:?}");
    let read = client.mark_read(&told.id, "").await?;
    ensure!(read.read_time.is_some() && read.version == told.version + 1, "{read:?}");
    Ok(())
}

async fn a_snoozed_reminder_is_told_again_and_a_moved_one_at_its_new_time_only(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    try_join_all(Face::ALL.map(async |face| snoozed_and_moved(target, face).await)).await.map(drop)
}

async fn snoozed_and_moved(target: &Target, face: Face) -> Result<()> {
    let (_, client) = target.person(face, "snoozer").await?;
    let task = client.create_task(task("Later")).await?;
    let mut inbox = Inbox::open(&client, "").await?;
    let fired = client.create_reminder(&task.id, at(SystemClock.now()), "").await?;
    let first = inbox.created().await?;
    let snoozed = client.snooze_reminder(&fired.id, Duration::from_secs(1), "").await?;
    ensure!(snoozed.state() == ReminderState::Snoozed, "{snoozed:?}");
    // What was told before is told no more.
    ensure!(inbox.withdrawn().await?.id == first.id);
    let again = inbox.created().await?;
    ensure!(again.reminder_id() == fired.id && again.id != first.id, "{again:?}");

    let early = SystemClock.now().plus(Duration::from_secs(1));
    let moved = client.create_reminder(&task.id, at(early), "").await?;
    let later = early.plus(Duration::from_secs(1));
    let change = Reminder { id: moved.id.clone(), at: Some(proto(later)), ..Reminder::default() };
    client.update_reminder(change, &["at"], "").await?;
    let told = inbox.created().await.with_context(|| format!("{face:?}"))?;
    ensure!(told.reminder_id() == moved.id && told.event_time == Some(proto(later)), "{told:?}");
    Ok(())
}

async fn listed(client: &Client) -> Result<Vec<Notification>> {
    Ok(client.all_notifications().await?)
}

fn task(title: &str) -> Task {
    Task { title: Some(title.to_owned()), ..Task::default() }
}

fn at(instant: Timestamp) -> Reminder {
    Reminder { at: Some(proto(instant)), ..Reminder::default() }
}

fn proto(instant: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = instant.to_parts();
    prost_types::Timestamp { seconds, nanos }
}
