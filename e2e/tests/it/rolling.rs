//! A new release, rolled out: every replica of every service, the gateway's too, is replaced, one after the other, and
//! nobody notices: no call is lost, and no change on a stream.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};
use e2e::{Balancer, Client, Face, Target};
use futures::future::try_join_all;
use mesh_proto::{
    scheduler::v1::Reminder,
    task::v1::{ListTasksRequest, Task},
};
use mesh_testkit::eventually;
use mesh_types::{Clock, SystemClock, new_id};
use tonic::Code;

use crate::watcher::Watcher;

const REPLICAS: usize = 2;
/// Those that are called by others last, but for the gateway, which everybody calls.
const SERVICES: [&str; 5] = ["audit-svc", "notify-svc", "scheduler-svc", "task-svc", "gateway"];
/// How many people call at the same time, by each of these faces.
const FACES: [Face; 4] = [Face::Rest, Face::Grpc, Face::GrpcWeb, Face::Rest];

#[tokio::test]
async fn a_rolling_restart_of_every_service_loses_no_call_and_no_change() -> Result<()> {
    let mut target = Target::replicated(REPLICAS).await?;
    let balancer = Balancer::start(&target.gateways()).await?;
    let (mut people, done) = (Vec::new(), AtomicBool::new(false));
    for (number, face) in FACES.into_iter().enumerate() {
        let (person, _) = target.person(face, &format!("caller-{number}")).await?;
        let client = Client::new(face, balancer.address())?.with_token(&person.api_token);
        people.push((Watcher::open(client.clone()).await, client));
    }
    let rolling = async {
        let outcome = roll(&mut target, &balancer).await;
        done.store(true, Ordering::Relaxed);
        outcome
    };
    let (rolled, calls) = tokio::join!(rolling, try_join_all(people.iter().map(|(_, client)| live(client, &done))));
    rolled?;
    let calls: usize = calls?.into_iter().sum();
    e2e::tell(format_args!("{calls} calls while {} processes were replaced", SERVICES.len() * REPLICAS));
    for (watcher, client) in &people {
        watcher.saw(&client.all_tasks(1000).await?).await?;
        ensure!(watcher.resyncs() == 0, "a watcher had to list again");
    }
    Ok(())
}

async fn roll(target: &mut Target, balancer: &Balancer) -> Result<()> {
    for service in SERVICES {
        for replica in 0..REPLICAS {
            target.replace(service, replica).await?;
            eventually(async || balancer.knows_all_ready()).await;
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
