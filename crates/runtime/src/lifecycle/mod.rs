//! What runs in a process, and the order in which it stops.
//!
//! Everything in the background is spawned here, in a stage. Stages stop one after another: first nobody new comes in,
//! then what feeds on what came in, then what carries it away. A task that ends by itself takes the process down.

mod shutdown;
mod task;

use std::{
    borrow::Cow,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use task::TaskOutcome;

/// In which order tasks stop: the first named stops first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Takes calls.
    Rpc,
    /// Takes events.
    Consumers,
    /// Works by the clock.
    Workers,
    /// Publishes what all of the above has left.
    Relay,
    /// Shows how the process is doing, to the end.
    Admin,
}

impl Stage {
    const ALL: [Self; 5] = [Self::Rpc, Self::Consumers, Self::Workers, Self::Relay, Self::Admin];
}

/// How long stopping may take.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShutdownConfig {
    /// How long calls are still taken after health says NOT_SERVING, so that balancers notice.
    pub drain_delay_ms: u64,
    /// How long each stage, and each finalizer, may take.
    pub stage_timeout_ms: u64,
}

impl Default for ShutdownConfig {
    fn default() -> Self {
        Self { drain_delay_ms: 500, stage_timeout_ms: 15_000 }
    }
}

/// What a task or a step of stopping goes by, such as `task-svc relay`.
pub type TaskName = Cow<'static, str>;

/// A task failed, or ended before it was told to.
#[derive(Debug, thiserror::Error)]
#[error("task {task} failed: {detail}")]
pub struct Failed {
    /// Its name.
    pub task: TaskName,
    /// How it ended.
    pub detail: String,
}

/// What runs in a process. Cheap to clone; clones are the same.
#[derive(Clone, Debug)]
pub struct Lifecycle(Arc<Inner>);

type Hook = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

struct Inner {
    config: ShutdownConfig,
    stages: [Tasks; Stage::ALL.len()],
    /// Told to stop, by a failed task or by [`Lifecycle::stop`].
    asked: CancellationToken,
    failed: Mutex<Option<Failed>>,
    drain_hooks: Mutex<Vec<(TaskName, Hook)>>,
    finalizers: Mutex<Vec<(TaskName, Hook)>>,
    ready: AtomicBool,
}

/// The tasks of one stage.
#[derive(Debug, Default)]
struct Tasks {
    tracker: TaskTracker,
    /// Asks them to end.
    stop: CancellationToken,
    /// Drops those that did not.
    kill: CancellationToken,
    running: Mutex<Vec<TaskName>>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new(ShutdownConfig { drain_delay_ms: 0, ..ShutdownConfig::default() })
    }
}

impl Lifecycle {
    /// A process in which nothing runs yet.
    pub fn new(config: ShutdownConfig) -> Self {
        Self(Arc::new(Inner {
            config,
            stages: Default::default(),
            asked: CancellationToken::new(),
            failed: Mutex::default(),
            drain_hooks: Mutex::default(),
            finalizers: Mutex::default(),
            ready: AtomicBool::new(false),
        }))
    }

    /// Runs a task that goes on until its token is cancelled, and then ends soon. If it ends before, the process stops
    /// and reports a failure.
    pub fn spawn<F, Fut>(&self, stage: Stage, name: impl Into<TaskName>, task: F)
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future + Send + 'static,
        Fut::Output: TaskOutcome,
    {
        let future = task(self.0.stages[stage as usize].stop.clone());
        let name = name.into();
        self.track(stage, name.clone(), task::Lasting::new(self.clone(), stage, name), future);
    }

    /// Runs something that ends when it is done; shutdown waits for it as for the others of its stage. Its failure is
    /// its own to handle.
    pub fn spawn_job<F, Fut>(&self, stage: Stage, name: impl Into<TaskName>, job: F)
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let future = job(self.0.stages[stage as usize].stop.clone());
        self.track(stage, name.into(), task::Passing, future);
    }

    /// Runs `hook` first thing at shutdown, while calls are still taken: to tell balancers.
    pub fn on_drain<F, Fut>(&self, name: impl Into<TaskName>, hook: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        lock(&self.0.drain_hooks).push((name.into(), Box::new(move || Box::pin(hook()))));
    }

    /// Runs `finalizer` after every stage has stopped, the one added last first: to close pools.
    pub fn finally<F, Fut>(&self, name: impl Into<TaskName>, finalizer: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        lock(&self.0.finalizers).push((name.into(), Box::new(move || Box::pin(finalizer()))));
    }

    /// Says whether the process is ready for work, for `/readyz`.
    pub fn set_ready(&self, ready: bool) {
        self.0.ready.store(ready, Ordering::Relaxed);
    }

    /// Whether the process is ready for work.
    pub fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Relaxed)
    }

    /// Asks the process to stop, as SIGTERM does.
    pub fn stop(&self) {
        self.0.asked.cancel();
    }

    fn track<Fut>(&self, stage: Stage, name: TaskName, watch: impl task::Watch, future: Fut)
    where
        Fut: Future + Send + 'static,
        Fut::Output: TaskOutcome,
    {
        let tasks = &self.0.stages[stage as usize];
        lock(&tasks.running).push(name.clone());
        let kill = tasks.kill.clone();
        let entry = task::Entry { lifecycle: self.clone(), stage, name };
        tasks.tracker.spawn(async move {
            let _entry = entry;
            tokio::select! {
                () = kill.cancelled() => {}
                () = task::watched(watch, future) => {}
            }
        });
    }

    fn fail(&self, failed: Failed) {
        tracing::error!(task.name = %failed.task, error.detail = failed.detail, "task failed, stopping");
        lock(&self.0.failed).get_or_insert(failed);
        self.stop();
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Lifecycle").field("stages", &self.stages).finish_non_exhaustive()
    }
}

/// The lock of `mutex`, even if somebody panicked in it: what it guards is whole at every moment.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
