//! A task comes back when it is done: at the same wall time, whatever the zone's offset is by then.

use anyhow::{Context, Result, ensure};
use e2e::{Client, Face, Mode, Target};
use futures::future::{join, try_join_all};
use mesh_proto::{
    scheduler::v1::{OccurrenceState, Schedule, ScheduleState},
    task::v1::{Task, TaskTime, task_time},
};
use mesh_testkit::eventually;

in_both_modes! {
    a_weekly_task_keeps_its_wall_time_across_a_change_of_the_offset;
    a_task_that_two_complete_at_once_comes_back_once;
}

/// Wednesdays; Berlin's clocks go forward on the Sunday in between.
const BEFORE: &str = "2027-03-24T09:00:00";
const AFTER: &str = "2027-03-31T09:00:00";
const ZONE: &str = "Europe/Berlin";

async fn a_weekly_task_keeps_its_wall_time_across_a_change_of_the_offset(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    try_join_all(Face::ALL.map(async |face| across_the_change(target, face).await)).await.map(drop)
}

async fn across_the_change(target: &Target, face: Face) -> Result<()> {
    let (_, client) = target.person(face, "weekly").await?;
    let task = client.create_task(weekly()).await?;
    let schedule = client.create_schedule(every_week(&task), "").await?;
    ensure!(schedule.state() == ScheduleState::Active && schedule.start() == BEFORE, "{schedule:?}");
    ensure!(schedule.time_zone() == ZONE && schedule.next_occurrence() == AFTER, "{schedule:?}");

    client.complete_task(&task.id, "").await?;
    let next = successor(&client, &task).await;
    ensure!(next.title == task.title && next.due == Some(wall_time(AFTER)), "{next:?} by {face:?}");
    ensure!(next.schedule_id() == schedule.id && next.occurrence() == AFTER, "{next:?} by {face:?}");

    let told = eventually(async || {
        let listed = client.list_occurrences(&schedule.id, 3).await.map_err(|failure| format!("{failure:?}"))?;
        let states: Vec<_> = listed.iter().map(|occurrence| occurrence.state()).collect();
        let expected = [OccurrenceState::Completed, OccurrenceState::Open, OccurrenceState::Computed];
        if states == expected { Ok(listed) } else { Err(format!("{listed:?}")) }
    })
    .await;
    let offsets: Vec<_> = told.iter().map(|occurrence| occurrence.offset.as_str()).collect();
    ensure!(offsets == ["+01:00", "+02:00", "+02:00"], "{told:?}");
    let locals: Vec<_> = told.iter().map(|occurrence| occurrence.local.as_str()).collect();
    ensure!(locals == [BEFORE, AFTER, "2027-04-07T09:00:00"], "{told:?}");
    let seconds = |at: usize| told[at].instant.as_ref().map(|instant| instant.seconds).unwrap_or_default();
    ensure!(seconds(1) - seconds(0) == (7 * 24 - 1) * 3600, "an hour is missing from that week: {told:?}");
    Ok(())
}

async fn a_task_that_two_complete_at_once_comes_back_once(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (_, client) = target.person(Face::Rest, "twice").await?;
    for other in Face::ALL {
        let task = client.create_task(weekly()).await?;
        let schedule = client.create_schedule(every_week(&task), "").await?;
        let other = client.by(other);
        let (one, two) = join(client.complete_task(&task.id, ""), other.complete_task(&task.id, "")).await;
        // The slower one is told that nothing was left to do, or that somebody else was faster.
        ensure!(one.is_ok() || two.is_ok(), "{one:?}, {two:?}");
        let next = successor(&client, &task).await;
        client.complete_task(&next.id, "").await?;
        // The one after that is there: whatever came of the first completion came before it.
        let third = successor(&client, &next).await;
        let tasks = client.all_tasks(100).await?;
        let mut series: Vec<_> = tasks.iter().filter(|task| task.schedule_id() == schedule.id).collect();
        series.sort_by_key(|task| task.occurrence());
        let ids: Vec<_> = series.iter().map(|task| &task.id).collect();
        ensure!(ids == [&task.id, &next.id, &third.id], "{series:?}");
    }
    Ok(())
}

/// The task that comes after `task` in its series, once it is there.
async fn successor(client: &Client, task: &Task) -> Task {
    eventually(async || {
        let tasks = client.all_tasks(100).await.map_err(|failure| format!("{failure:?}"))?;
        let this =
            tasks.iter().find(|other| other.id == task.id).context("it is gone").map_err(|error| error.to_string())?;
        let later = |other: &&Task| other.schedule_id == this.schedule_id && other.occurrence() > this.occurrence();
        let found = this.schedule_id.as_ref().and_then(|_| tasks.iter().find(later));
        found.cloned().ok_or_else(|| format!("{tasks:?}"))
    })
    .await
}

fn weekly() -> Task {
    Task { title: Some("Take out the bins".to_owned()), due: Some(wall_time(BEFORE)), ..Task::default() }
}

fn wall_time(local: &str) -> TaskTime {
    TaskTime { value: Some(task_time::Value::LocalTime(local.to_owned())), time_zone: ZONE.to_owned() }
}

fn every_week(task: &Task) -> Schedule {
    Schedule { task_id: Some(task.id.clone()), rrule: Some("FREQ=WEEKLY".to_owned()), ..Schedule::default() }
}
