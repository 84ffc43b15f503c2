//! Somebody whose tasks come back and who is reminded of them, while the services that see to it die.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use e2e::{Client, Face, Mode, Receiver, Target};
use futures::future::{try_join, try_join_all};
use mesh_proto::{
    notify::v1::{Channel, Delivery, DeliveryState, WebhookTarget},
    scheduler::v1::{OccurrenceState, Reminder, Schedule},
    task::v1::{Task, TaskTime, task_time},
};
use mesh_types::{Clock, SystemClock};

use super::{
    load::until_answered,
    points::{TAKING_IN, WRITING, ended},
};

/// Where the scheduler may die beside where every service may: around the commit of what fires.
const FIRING: [&str; 2] = ["timers.before_commit", "timers.after_commit"];
/// Where the notifier may: with a webhook sent and nobody told.
const SENDING: [&str; 1] = ["deliver.after_post"];
/// How long what was claimed by a process that died may wait for another: the longest claim, and some more.
const PATIENCE: Duration = Duration::from_secs(60);
/// The point is passed some times before it is fatal: more often than by the consumers of one process that take in at the
/// start who has signed up before.
const TIMES: u32 = 8;
/// How many live at a time.
const PLANNERS: usize = 3;

#[tokio::test]
async fn scheduler_svc_may_die_where_it_writes() -> Result<()> {
    survives(Mode::Mesh, "scheduler-svc", WRITING.into_iter()).await
}

#[tokio::test]
async fn scheduler_svc_may_die_where_it_follows_and_fires() -> Result<()> {
    survives(Mode::Mesh, "scheduler-svc", TAKING_IN.into_iter().chain(FIRING)).await
}

#[tokio::test]
async fn notify_svc_may_die_at_any_point() -> Result<()> {
    survives(Mode::Mesh, "notify-svc", WRITING.into_iter().chain(TAKING_IN).chain(SENDING)).await
}

#[tokio::test]
async fn task_svc_may_die_while_tasks_come_back() -> Result<()> {
    survives(Mode::Mesh, "task-svc", WRITING.into_iter()).await
}

#[tokio::test]
async fn one_process_may_die_while_tasks_come_back() -> Result<()> {
    survives(Mode::Single, "taskmesh", TAKING_IN.into_iter().chain(FIRING)).await
}

async fn survives(mode: Mode, part: &str, points: impl Iterator<Item = &str>) -> Result<()> {
    let mut target = Target::start(mode).await?;
    for point in points {
        let outcome = dies_and_comes_back(&mut target, part, point).await;
        outcome.with_context(|| format!("{point}\n{}", target.logs()))?;
    }
    Ok(())
}

async fn dies_and_comes_back(target: &mut Target, part: &str, point: &str) -> Result<()> {
    let (_, client) = target.person(Face::Rest, "planner").await?;
    // Elsewhere no webhooks: what was being sent by who died is sent again half a minute later.
    let receiver = if SENDING.contains(&point) { Some(hooked(&client).await?) } else { None };
    target.restart(part, Some(&format!("{point}:{TIMES}"))).await?;
    let done = AtomicBool::new(false);
    let (lived, died) = tokio::join!(live_until(&client, &done), async {
        let died = ended(target, part).await;
        let restarted = target.restart(part, None).await;
        done.store(true, Ordering::Relaxed);
        died.and(restarted)
    });
    died?;
    let (lived, back) = (lived?, Instant::now());
    came_back_once(&client, &lived).await?;
    if let Some(receiver) = receiver {
        was_sent(&client, &receiver, lived.len()).await?;
    }
    let (seconds, count) = (back.elapsed().as_secs_f64(), lived.len());
    e2e::tell(format_args!("{part} died at {point}; {count} series and reminders were complete after {seconds:.1} s"));
    Ok(())
}

/// A program that takes this person's webhooks.
async fn hooked(client: &Client) -> Result<Receiver> {
    let receiver = Receiver::start(&[]).await?;
    let webhook = WebhookTarget { url: Some(receiver.url()), ..WebhookTarget::default() };
    let channel = Channel { name: Some("a program".to_owned()), webhook: Some(webhook), ..Channel::default() };
    client.create_channel(channel, "").await?;
    Ok(receiver)
}

/// What somebody did and was answered.
struct Lived {
    series: Schedule,
    first: Task,
    reminder: Reminder,
}

async fn live_until(client: &Client, done: &AtomicBool) -> Result<Vec<Lived>> {
    let planners = (0..PLANNERS).map(async |_| {
        let mut lived = vec![live(client).await?];
        while !done.load(Ordering::Relaxed) {
            lived.push(live(client).await?);
        }
        anyhow::Ok(lived)
    });
    Ok(try_join_all(planners).await?.into_iter().flatten().collect())
}

/// A task that comes back is completed by two at once; of another there is a reminder; what came before is marked as seen.
async fn live(client: &Client) -> Result<Lived> {
    let local_time = task_time::Value::LocalTime("2027-03-24T09:00:00".to_owned());
    let due = TaskTime { value: Some(local_time), time_zone: "Europe/Berlin".to_owned() };
    let new = Task { title: Some("Comes back".to_owned()), due: Some(due), ..Task::default() };
    let first = until_answered(async |id| client.create_task_once(new.clone(), id).await).await?;
    let (task_id, rrule) = (Some(first.id.clone()), Some("FREQ=WEEKLY".to_owned()));
    let schedule = Schedule { task_id, rrule, ..Schedule::default() };
    let series = until_answered(async |id| client.create_schedule(schedule.clone(), id).await).await?;
    let other = client.by(Face::Grpc);
    let one = until_answered(async |id| client.complete_task(&first.id, id).await);
    let two = until_answered(async |id| other.complete_task(&first.id, id).await);
    try_join(one, two).await?;

    let new = Task { title: Some("Remind me".to_owned()), ..Task::default() };
    let task = until_answered(async |id| client.create_task_once(new.clone(), id).await).await?;
    let (seconds, nanos) = SystemClock.now().plus(Duration::from_millis(200)).to_parts();
    let reminder = Reminder { at: Some(prost_types::Timestamp { seconds, nanos }), ..Reminder::default() };
    let reminder = until_answered(async |id| client.create_reminder(&task.id, reminder.clone(), id).await).await?;
    until_answered(async |id| client.mark_seen(id).await).await?;
    Ok(Lived { series, first, reminder })
}

/// Each series has its second task and no other; each reminder fired once and was told once.
async fn came_back_once(client: &Client, lived: &[Lived]) -> Result<()> {
    // In each life two of the series and the one with the reminder.
    let tasks = at_least(3 * lived.len(), async || Ok(client.all_tasks(1000).await?)).await?;
    let told = at_least(lived.len(), async || Ok(client.all_notifications().await?)).await?;
    let reminders: BTreeMap<_, _> =
        client.all_reminders().await?.into_iter().map(|reminder| (reminder.id.clone(), reminder)).collect();
    ensure!(tasks.len() == 3 * lived.len() && told.len() == lived.len() && reminders.len() == lived.len());
    for Lived { series, first, reminder } in lived {
        let successors = tasks.iter().filter(|task| task.schedule_id() == series.id && task.id != first.id);
        let successors: Vec<_> = successors.map(|task| task.occurrence()).collect();
        ensure!(successors == ["2027-03-31T09:00:00"], "{series:?} has {successors:?}");
        let occurrences = client.list_occurrences(&series.id, 3).await?;
        let planned = occurrences.iter().filter(|occurrence| occurrence.state() != OccurrenceState::Computed);
        ensure!(planned.count() == 2, "{occurrences:?}");
        let told = told.iter().filter(|told| told.reminder_id() == reminder.id).count();
        let fired = reminders.get(&reminder.id).map(|reminder| reminder.fire_count);
        ensure!((told, fired) == (1, Some(1)), "{reminder:?} was told {told} times and fired {fired:?} times");
    }
    Ok(())
}

/// Every notification is delivered, and the receiver can tell which it has had already.
async fn was_sent(client: &Client, receiver: &Receiver, count: usize) -> Result<()> {
    let delivered = at_least(count, async || {
        let all = client.all_deliveries().await?;
        Ok(all.into_iter().filter(|delivery| delivery.state() == DeliveryState::Delivered).collect())
    });
    let delivered: BTreeSet<_> = delivered.await?.into_iter().map(|delivery: Delivery| delivery.id).collect();
    let received: BTreeSet<_> = receiver.receipts().into_iter().map(|receipt| receipt.id).collect();
    ensure!(delivered.len() == count && received == delivered, "{received:?} of {delivered:?}");
    Ok(())
}

/// What `list` gives, once there are so many.
async fn at_least<T>(count: usize, list: impl AsyncFn() -> Result<Vec<T>>) -> Result<Vec<T>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let listed = list().await?;
        if listed.len() >= count {
            return Ok(listed);
        }
        ensure!(Instant::now() < deadline, "{} of {count} after {PATIENCE:?}", listed.len());
        // Sleeps because it looks again and again.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
