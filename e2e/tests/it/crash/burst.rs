//! Nine o'clock, when everybody wants to be reminded, and a scheduler that dies just then.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Result, ensure};
use e2e::{Client, Face, Inbox, Target};
use futures::future::try_join_all;
use mesh_proto::{
    scheduler::v1::Reminder,
    task::v1::{Task, TaskTime, task_time},
};
use mesh_testkit::eventually;
use mesh_types::{Clock, SystemClock, Timestamp};

const PEOPLE: usize = 10;
const TASKS: usize = 10;
/// As many as one task may have.
const REMINDERS: usize = 100;
/// How long it may take to tell all tasks when they are due.
const LEAD: Duration = Duration::from_secs(10);

#[tokio::test]
async fn ten_thousand_reminders_at_once_are_told_once_although_a_replica_is_killed() -> Result<()> {
    let mut target = Target::replicated(3).await?;
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        people.push(target.person(Face::Grpc, "riser").await?.1);
    }
    let tasks = try_join_all(people.iter().map(tasks_with_reminders)).await?;
    let mut inbox = Inbox::open(&people[0], "").await?;
    let due = SystemClock.now().plus(LEAD);
    try_join_all(people.iter().zip(tasks).map(|(client, tasks)| fall_due(client, tasks, due))).await?;
    ensure!(SystemClock.now() < due, "the tasks were not told in time when they are due");

    inbox.created().await?;
    target.restart("scheduler-svc", None).await?;
    let expected = PEOPLE * TASKS * REMINDERS;
    for milestone in (1..=10).map(|tenth| expected * tenth / 10) {
        eventually(async || told_at_least(&people, milestone).await).await;
    }
    for client in &people {
        told_once(client).await?;
    }
    Ok(())
}

/// Nothing is due yet, so the reminders wait for something to count from.
async fn tasks_with_reminders(client: &Client) -> Result<Vec<Task>> {
    let mut tasks = Vec::new();
    for _ in 0..TASKS {
        let task = client.create_task(Task { title: Some("Get up".to_owned()), ..Task::default() }).await?;
        for _ in 0..REMINDERS {
            let at_the_due = Reminder { offset: Some(prost_types::Duration::default()), ..Reminder::default() };
            client.create_reminder(&task.id, at_the_due, "").await?;
        }
        tasks.push(task);
    }
    Ok(tasks)
}

async fn fall_due(client: &Client, tasks: Vec<Task>, due: Timestamp) -> Result<()> {
    let (seconds, nanos) = due.to_parts();
    let time = task_time::Value::Time(prost_types::Timestamp { seconds, nanos });
    for Task { id, .. } in tasks {
        let due = TaskTime { value: Some(time.clone()), ..TaskTime::default() };
        client.update_task(Task { id, due: Some(due), ..Task::default() }, &["due"], "").await?;
    }
    Ok(())
}

/// Whether all of them together were told so often.
async fn told_at_least(people: &[Client], milestone: usize) -> Result<(), String> {
    let inboxes = try_join_all(people.iter().map(Client::all_notifications)).await;
    let told: usize = inboxes.map_err(|failure| format!("{failure:?}"))?.iter().map(Vec::len).sum();
    if told >= milestone { Ok(()) } else { Err(format!("{told} of {milestone}")) }
}

/// Every reminder of this person has its notification, and none has two.
async fn told_once(client: &Client) -> Result<()> {
    let (told, expected) = (client.all_notifications().await?, TASKS * REMINDERS);
    let reminders: BTreeSet<_> = told.iter().filter_map(|notification| notification.reminder_id.as_ref()).collect();
    ensure!((told.len(), reminders.len()) == (expected, expected), "{} of {}", reminders.len(), told.len());
    Ok(())
}
