//! A watcher who resumes where the stream broke, and lists again when told to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Result, ensure};
use e2e::{Client, Failure};
use futures::StreamExt;
use mesh_proto::task::v1::{Task, watch_tasks_response::Event};
use mesh_testkit::eventually;
use tokio::task::JoinHandle;
use tonic::Code;

/// What a watcher was told of each task: its versions, in order.
#[derive(Debug, Default)]
struct Seen {
    versions: BTreeMap<String, Vec<i64>>,
    resumed: usize,
    resyncs: usize,
}

/// Somebody who watches until dropped.
pub(crate) struct Watcher {
    seen: Arc<Mutex<Seen>>,
    following: JoinHandle<()>,
}

impl Watcher {
    /// Begins to watch; returns when the stream stands.
    pub(crate) async fn open(client: Client) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (standing, stands) = tokio::sync::oneshot::channel();
        #[expect(clippy::disallowed_methods, reason = "a test's own task, aborted when the watcher is dropped")]
        let following = tokio::spawn(follow(client, Arc::clone(&seen), Some(standing)));
        let _ = stands.await;
        Self { seen, following }
    }

    /// Waits until this many changes were told.
    pub(crate) async fn told(&self, changes: usize) {
        eventually(async || {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.versions.values().map(Vec::len).sum::<usize>() >= changes
        })
        .await;
    }

    /// Checks that every task was told to its end, no version twice and none after a later one. Versions may be left out:
    /// changes of one task that come faster than they are read are told as one.
    pub(crate) async fn saw(&self, tasks: &[Task]) -> Result<()> {
        eventually(async || {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let last = |task: &Task| seen.versions.get(&task.id).and_then(|versions| versions.last()).copied();
            let missing: Vec<_> = tasks.iter().filter(|task| last(task) != Some(task.version)).map(last).collect();
            if missing.is_empty() { Ok(()) } else { Err(format!("{missing:?}")) }
        })
        .await;
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        e2e::tell(format_args!("a watcher resumed {} times and listed again {} times", seen.resumed, seen.resyncs));
        for (id, versions) in &seen.versions {
            ensure!(versions.is_sorted_by(|one, next| one < next), "{id} was told as {versions:?}");
        }
        Ok(())
    }
}

impl Watcher {
    /// How often it had to list again.
    pub(crate) fn resyncs(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).resyncs
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.following.abort();
    }
}

async fn follow(client: Client, seen: Arc<Mutex<Seen>>, mut standing: Option<tokio::sync::oneshot::Sender<()>>) {
    let mut token = String::new();
    loop {
        let failure = follow_one(&client, &seen, &mut token, &mut standing).await;
        if failure.code == Code::OutOfRange && failure.reason == "RESYNC_REQUIRED" {
            seen.lock().unwrap_or_else(PoisonError::into_inner).resyncs += 1;
            token.clear();
        } else {
            assert!(failure.is_passing(), "a stream ended with {failure:?}");
            seen.lock().unwrap_or_else(PoisonError::into_inner).resumed += 1;
        }
        // Sleeps because a client whose stream broke off waits before it opens another.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Follows one stream to its end. A stream that begins anew is followed by a list, as the contract asks for.
async fn follow_one(
    client: &Client,
    seen: &Mutex<Seen>,
    token: &mut String,
    standing: &mut Option<tokio::sync::oneshot::Sender<()>>,
) -> Failure {
    let anew = token.is_empty();
    let mut messages = match client.watch_tasks(token).await {
        Ok(messages) => messages,
        Err(failure) => return failure,
    };
    loop {
        let message = match messages.next().await {
            Some(Ok(message)) => message,
            Some(Err(failure)) => return failure,
            None => return Failure::broken("the stream ended without a word"),
        };
        match message.event {
            Some(Event::Position(_)) if anew => match client.all_tasks(100).await {
                Ok(tasks) => tasks.iter().for_each(|task| merge(seen, task, false)),
                Err(failure) => return failure,
            },
            Some(Event::Changed(change)) => merge(seen, &change.task.unwrap_or_default(), true),
            _ => {}
        }
        *token = message.resume_token;
        if let Some(standing) = standing.take() {
            let _ = standing.send(());
        }
    }
}

/// Takes in a task. What a list told already may be told again by the stream that was opened before it.
fn merge(seen: &Mutex<Seen>, task: &Task, told: bool) {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let resynced = seen.resyncs > 0;
    let versions = seen.versions.entry(task.id.clone()).or_default();
    let known = versions.last().copied().unwrap_or_default();
    if task.version > known || told && !resynced {
        versions.push(task.version);
    }
}
