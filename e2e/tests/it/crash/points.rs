//! Processes that die at named points, and processes that are killed at any.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};
use e2e::{Face, Mode, Person, Target};
use mesh_testkit::eventually;

use super::{
    Witness,
    load::{until_answered, write_during},
};

/// Where a service that writes may die: around the commit, and on the way of its events to the bus.
pub(super) const WRITING: [&str; 5] =
    ["store.before_commit", "store.after_commit", "relay.before_publish", "relay.after_publish", "relay.after_delete"];
/// Where a service that takes events in may die: around its commit, so before the acknowledgement.
pub(super) const TAKING_IN: [&str; 2] = ["consumer.before_commit", "consumer.after_commit"];
/// The point is passed some times before it is fatal, so that it is in the midst of things.
const TIMES: u32 = 5;

#[tokio::test]
async fn one_process_may_die_at_any_point() -> Result<()> {
    for point in WRITING.into_iter().chain(TAKING_IN) {
        dies_and_comes_back(Mode::Single, "taskmesh", point).await.with_context(|| point)?;
    }
    Ok(())
}

#[tokio::test]
async fn task_svc_may_die_at_any_point() -> Result<()> {
    for point in WRITING {
        dies_and_comes_back(Mode::Mesh, "task-svc", point).await.with_context(|| point)?;
    }
    Ok(())
}

#[tokio::test]
async fn audit_svc_may_die_at_any_point() -> Result<()> {
    for point in TAKING_IN {
        dies_and_comes_back(Mode::Mesh, "audit-svc", point).await.with_context(|| point)?;
    }
    Ok(())
}

async fn dies_and_comes_back(mode: Mode, part: &str, point: &str) -> Result<()> {
    let mut target = Target::start(mode).await?;
    let witness = Witness::new(&target).await?;
    target.restart(part, Some(&format!("{point}:{TIMES}"))).await?;
    let dies = async {
        ended(&mut target, part).await?;
        target.restart(part, None).await
    };
    witness.testifies(&write_during(&witness.client, dies).await?).await
}

#[tokio::test]
async fn the_gateway_may_die_at_any_point() -> Result<()> {
    let mut target = Target::start(Mode::Mesh).await?;
    for point in WRITING {
        target.restart("gateway", Some(&format!("{point}:{TIMES}"))).await?;
        let client = target.client(Face::Rest)?;
        let done = AtomicBool::new(false);
        let (signed_up, died) = tokio::join!(sign_up_some(&client, &done), async {
            let died = ended(&mut target, "gateway").await;
            let restarted = target.restart("gateway", None).await;
            done.store(true, Ordering::Relaxed);
            died.and(restarted)
        });
        died?;
        for person in signed_up.with_context(|| point)? {
            recorded_once(&client.with_token(&person)).await.with_context(|| point)?;
        }
    }
    Ok(())
}

/// Signs people up until `done`; each is tried again until it is done or was done already. Returns their access tokens.
async fn sign_up_some(client: &e2e::Client, done: &AtomicBool) -> Result<Vec<String>> {
    let mut people = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let (email, password) = (Person::new_email("crash"), "correct horse battery");
        let session = until_answered(async |_| match client.sign_up(&email, password).await {
            Err(failure) if failure.reason == "RESOURCE_EXISTS" => client.sign_in(&email, password).await,
            other => other,
        });
        people.push(session.await?.access_token);
    }
    Ok(people)
}

/// The account's creation is in the record, once, and as the first of its versions.
async fn recorded_once(client: &e2e::Client) -> Result<()> {
    let history = eventually(async || {
        let history = client.whole_history().await.map_err(|failure| format!("{failure:?}"))?;
        let created: Vec<_> = history.into_iter().filter(|event| event.action == "created").collect();
        if created.is_empty() { Err("not recorded yet".to_owned()) } else { Ok(created) }
    })
    .await;
    ensure!(history.len() == 1 && history[0].entity_version == 1, "{history:?}");
    Ok(())
}

#[tokio::test]
async fn every_process_of_a_mesh_may_be_killed_under_load() -> Result<()> {
    let mut target = Target::start(Mode::Mesh).await?;
    for part in ["gateway", "task-svc", "scheduler-svc", "notify-svc", "audit-svc"] {
        let witness = Witness::new(&target).await?;
        let killed = async {
            witness.watcher.told(20).await;
            target.restart(part, None).await
        };
        let written = write_during(&witness.client, killed).await?;
        witness.testifies(&written).await.with_context(|| part)?;
    }
    Ok(())
}

#[tokio::test]
async fn one_process_may_be_killed_under_load() -> Result<()> {
    let mut target = Target::start(Mode::Single).await?;
    let witness = Witness::new(&target).await?;
    let killed = async {
        for changes in [20, 50] {
            witness.watcher.told(changes).await;
            target.restart("taskmesh", None).await?;
        }
        Ok(())
    };
    witness.testifies(&write_during(&witness.client, killed).await?).await
}

/// Waits until the process has died of its own.
pub(super) async fn ended(target: &mut Target, part: &str) -> Result<()> {
    eventually(async || match target.has_ended(part) {
        Ok(false) => None,
        other => Some(other),
    })
    .await
    .map(drop)
}
