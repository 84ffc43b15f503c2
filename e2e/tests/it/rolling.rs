//! A new release, rolled out: every replica of every service is replaced, one after the other, and nobody notices.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};
use e2e::{Client, Face, Target};
use futures::future::try_join_all;
use mesh_proto::{
    scheduler::v1::Reminder,
    task::v1::{ListTasksRequest, Task},
};
use mesh_types::{Clock, SystemClock, new_id};
use tonic::Code;

const REPLICAS: usize = 2;
/// Those behind the gateway, those that are called by others last.
const SERVICES: [&str; 4] = ["audit-svc", "notify-svc", "scheduler-svc", "task-svc"];
/// How many people call at the same time, by each of these faces.
const FACES: [Face; 4] = [Face::Rest, Face::Grpc, Face::GrpcWeb, Face::Rest];

#[tokio::test]
async fn a_rolling_restart_of_every_service_loses_no_call() -> Result<()> {
    let mut target = Target::replicated(REPLICAS).await?;
    let (mut people, done) = (Vec::new(), AtomicBool::new(false));
    for (number, face) in FACES.into_iter().enumerate() {
        people.push(target.person(face, &format!("caller-{number}")).await?.1);
    }
    let rolling = async {
        let outcome = roll(&mut target).await;
        done.store(true, Ordering::Relaxed);
        outcome
    };
    let (rolled, calls) = tokio::join!(rolling, try_join_all(people.iter().map(|client| live(client, &done))));
    rolled?;
    let calls: usize = calls?.into_iter().sum();
    e2e::tell(format_args!("{calls} calls while {} processes were replaced", SERVICES.len() * REPLICAS));
    Ok(())
}

async fn roll(target: &mut Target) -> Result<()> {
    for service in SERVICES {
        for replica in 0..REPLICAS {
            target.replace(service, replica).await?;
        }
    }
    Ok(())
}

/// Reads and writes until it is done, and takes no failure for an answer. Writes carry a request id. Returns how many
/// calls it made.
async fn live(client: &Client, done: &AtomicBool) -> Result<usize> {
    let (mut written, mut calls) = (0, 0);
    while !done.load(Ordering::Relaxed) {
        let task = Task { title: Some(format!("number {written}")), ..Task::default() };
        let task = client.create_task_once(task, &request_id()).await.context("create a task")?;
        written += 1;
        let read = client.get_task(&task.id).await.context("get it")?;
        ensure!(read.id == task.id, "another task was read");
        let page = ListTasksRequest { page_size: 10, ..ListTasksRequest::default() };
        client.list_tasks(&page).await.context("list tasks")?;
        let reminder = Reminder { offset: Some(prost_types::Duration::default()), ..Reminder::default() };
        client.create_reminder(&task.id, reminder, &request_id()).await.context("create a reminder")?;
        client.all_notifications().await.context("list notifications")?;
        match client.task_history(&task.id).await {
            // The record is behind by a moment; here it counts that it is told.
            Err(failure) if failure.code == Code::NotFound => {}
            told => drop(told.context("read the record")?),
        }
        calls += 6;
    }
    let listed = client.all_tasks(1000).await?.len();
    ensure!(listed == written, "{listed} tasks of {written}: a call was lost, or done twice");
    Ok(calls)
}

fn request_id() -> String {
    new_id(SystemClock.now()).to_string()
}
