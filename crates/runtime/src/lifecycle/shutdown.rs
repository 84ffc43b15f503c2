//! Stopping: in order, each step within its time.

use std::time::Duration;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{sleep, timeout},
};

use super::{Failed, Hook, Lifecycle, Stage, Tasks, lock};

/// How long a task that was dropped may take to be gone.
const LAST_MOMENT: Duration = Duration::from_secs(1);
/// What a process ends with that was interrupted twice.
const INTERRUPTED: i32 = 130;

impl Lifecycle {
    /// Waits for SIGTERM, SIGINT, [`Lifecycle::stop`] or a task that ends by itself; then stops everything in order. A
    /// second signal ends the process at once.
    ///
    /// # Errors
    /// When a task ended by itself, or signals cannot be heard.
    pub async fn run_until_signal(&self) -> anyhow::Result<()> {
        let mut signals = Signals::listen()?;
        tokio::select! {
            name = signals.next() => tracing::info!(signal.name = name, "stopping"),
            () = self.0.asked.cancelled() => tracing::info!("stopping"),
        }
        tokio::select! {
            outcome = self.shutdown() => outcome.map_err(Into::into),
            name = signals.next() => {
                // Written at once, with all that waited.
                tracing::warn!(signal.name = name, "second signal, ending at once");
                std::process::exit(INTERRUPTED)
            }
        }
    }

    /// Stops everything in order.
    ///
    /// # Errors
    /// When a task ended by itself.
    pub async fn shutdown(&self) -> Result<(), Failed> {
        self.set_ready(false);
        let bound = Duration::from_millis(self.0.config.stage_timeout_ms);
        let drain_hooks = std::mem::take(&mut *lock(&self.0.drain_hooks));
        for (name, hook) in drain_hooks {
            run_hook(&name, hook, bound).await;
        }
        if lock(&self.0.failed).is_none() {
            sleep(Duration::from_millis(self.0.config.drain_delay_ms)).await;
        }
        for stage in Stage::ALL {
            self.0.stages[stage as usize].stop_all(stage, bound).await;
        }
        let finalizers = std::mem::take(&mut *lock(&self.0.finalizers));
        for (name, finalizer) in finalizers.into_iter().rev() {
            run_hook(&name, finalizer, bound).await;
        }
        tracing::info!("stopped");
        lock(&self.0.failed).take().map_or(Ok(()), Err)
    }
}

impl Tasks {
    async fn stop_all(&self, stage: Stage, bound: Duration) {
        self.stop.cancel();
        self.tracker.close();
        if timeout(bound, self.tracker.wait()).await.is_ok() {
            return;
        }
        let running = lock(&self.running).join(",");
        tracing::warn!(stage.name = ?stage, task.names = running, "tasks did not stop in time, dropped");
        self.kill.cancel();
        let _ = timeout(LAST_MOMENT, self.tracker.wait()).await;
    }
}

async fn run_hook(name: &str, hook: Hook, bound: Duration) {
    if timeout(bound, hook()).await.is_err() {
        tracing::warn!(hook.name = name, "shutdown step took too long, left");
    }
}

/// The signals that ask a process to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The next one's name.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
