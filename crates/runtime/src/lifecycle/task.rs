//! How tasks are watched: a lasting one must not end by itself, not even by panicking.

use std::future::Future;

use super::{Failed, Lifecycle, Stage, TaskName, lock};

/// How a task may end.
pub trait TaskOutcome: Send {
    /// What went wrong, if anything.
    fn failure(self) -> Option<String>;
}

impl TaskOutcome for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<E: std::fmt::Display + Send> TaskOutcome for Result<(), E> {
    fn failure(self) -> Option<String> {
        // `{:#}` shows an anyhow error with its causes.
        self.err().map(|error| format!("{error:#}"))
    }
}

/// Learns how a task ended.
pub(super) trait Watch: Send + 'static {
    /// It returned; `failure` says what went wrong.
    fn returned(&mut self, failure: Option<String>);
}

/// For tasks that go on until they are told to stop.
pub(super) struct Lasting {
    lifecycle: Lifecycle,
    stage: Stage,
    name: TaskName,
}

/// For tasks that may end.
pub(super) struct Passing;

impl Lasting {
    pub(super) fn new(lifecycle: Lifecycle, stage: Stage, name: TaskName) -> Self {
        Self { lifecycle, stage, name }
    }

    fn report(&self, detail: String) {
        self.lifecycle.fail(Failed { task: self.name.clone(), detail });
    }
}

impl Watch for Lasting {
    fn returned(&mut self, failure: Option<String>) {
        let stopping = self.lifecycle.0.stages[self.stage as usize].stop.is_cancelled();
        match failure {
            Some(detail) => self.report(detail),
            None if !stopping => self.report("it ended by itself".to_owned()),
            None => {}
        }
    }
}

impl Drop for Lasting {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.report("it panicked".to_owned());
        }
    }
}

impl Watch for Passing {
    fn returned(&mut self, _: Option<String>) {}
}

/// Runs `future` and tells `watch` how it ended.
pub(super) async fn watched<Fut>(mut watch: impl Watch, future: Fut)
where
    Fut: Future,
    Fut::Output: TaskOutcome,
{
    let outcome = future.await;
    watch.returned(outcome.failure());
}

/// A task's place in the list of running ones.
pub(super) struct Entry {
    pub(super) lifecycle: Lifecycle,
    pub(super) stage: Stage,
    pub(super) name: TaskName,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut running = lock(&self.lifecycle.0.stages[self.stage as usize].running);
        if let Some(index) = running.iter().position(|name| *name == self.name) {
            running.swap_remove(index);
        }
    }
}
