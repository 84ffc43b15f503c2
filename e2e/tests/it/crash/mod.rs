//! Whatever dies, wherever it dies: nothing is lost and nothing is done twice.
//!
//! Each test has a Taskmesh of its own. Writers who repeat every unanswered call work while a process is killed and
//! started again; then every answered write must be there, its history must hold every step once, and a watcher must
//! have been told of all of it.

mod burst;
mod load;
mod points;
mod series;
mod servers;

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use e2e::{Client, Face, Target};
use mesh_proto::task::v1::Task;
use mesh_testkit::eventually;

use crate::watcher::Watcher;
use load::STEPS;

/// Somebody who writes and watches while things break.
struct Witness {
    client: Client,
    watcher: Watcher,
}

impl Witness {
    async fn new(target: &Target) -> Result<Self> {
        let (_, client) = target.person(Face::Grpc, "witness").await?;
        Ok(Self { watcher: Watcher::open(client.by(Face::Grpc)).await, client })
    }

    /// Checks that all is as if nothing had happened.
    async fn testifies(&self, written: &[Task]) -> Result<()> {
        let listed = self.client.all_tasks(100).await?;
        let listed: BTreeMap<_, _> = listed.into_iter().map(|task| (task.id.clone(), task)).collect();
        ensure!(listed.len() == written.len(), "{} tasks of {}", listed.len(), written.len());
        for task in written {
            ensure!(listed.get(&task.id) == Some(task), "{:?} is not {task:?}", listed.get(&task.id));
        }
        self.recorded_once(written).await?;
        self.watcher.saw(written).await
    }

    /// Every step of every task is in the record, once.
    async fn recorded_once(&self, written: &[Task]) -> Result<()> {
        let steps = written.len() * STEPS as usize;
        let history = eventually(async || {
            let mut history = self.client.whole_history().await.map_err(|failure| format!("{failure:?}"))?;
            history.retain(|event| event.entity_type == "task");
            if history.len() >= steps { Ok(history) } else { Err(format!("{} of {steps}", history.len())) }
        })
        .await;
        ensure!(history.len() == steps, "{} entries of {steps} steps", history.len());
        let mut versions: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for event in &history {
            versions.entry(&event.entity_id).or_default().push(event.entity_version);
        }
        for (id, versions) in &mut versions {
            versions.sort_unstable();
            ensure!(versions.iter().copied().eq(1..=STEPS), "{id} has {versions:?}");
        }
        Ok(())
    }
}
