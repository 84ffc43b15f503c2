//! The timers that this replica holds, shared between the calls that set them and the worker that fires them.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mesh_types::Timestamp;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    domain::{Timer, TimerQueue},
    store::Near,
};

/// How timers are held and fired.
#[derive(Clone, Copy, Debug)]
pub struct TimerSettings {
    /// How far ahead timers are held.
    pub look_ahead: Duration,
    /// How long this replica holds what it holds without saying that it is still there.
    pub lease: Duration,
    /// How often to look for timers that nobody holds.
    pub sweep: Duration,
    /// How long after its time a reminder is late.
    pub late_after: Duration,
    /// How many timers are claimed, and fired, in one go.
    pub batch: usize,
    /// How many overdue timers are fired in one go, between those that are on time.
    pub overdue_batch: usize,
    /// How many timers are held at most, besides those that are due before the next look.
    pub held: usize,
}

/// The timers that this replica holds.
pub struct Timers {
    replica: Uuid,
    settings: TimerSettings,
    queue: Mutex<TimerQueue>,
    /// Something is held that may be due earlier than what was.
    held: Notify,
    /// Something may have been set that nobody holds.
    look: Notify,
}

impl Timers {
    /// None yet, for this replica.
    pub fn new(replica: Uuid, settings: TimerSettings) -> Self {
        Self { replica, settings, queue: Mutex::default(), held: Notify::new(), look: Notify::new() }
    }

    /// The replica whose timers they are.
    pub fn replica(&self) -> Uuid {
        self.replica
    }

    /// How they are held and fired.
    pub fn settings(&self) -> &TimerSettings {
        &self.settings
    }

    /// Which timers are held by the replica that sets them at `now`: near ones, and when there are many already only those
    /// that are due before others had their chance to claim them.
    pub fn near(&self, now: Timestamp) -> Near {
        let room = self.queue().len() < self.settings.held;
        let before = if room { now.plus(self.settings.look_ahead) } else { self.imminent(now) };
        Near { replica: self.replica, before }
    }

    /// What is due before this is held however many are held already.
    pub(super) fn imminent(&self, now: Timestamp) -> Timestamp {
        now.plus(2 * self.settings.sweep)
    }

    /// Holds these until their time.
    pub fn hold(&self, timers: impl IntoIterator<Item = Timer>) {
        let mut queue = self.queue();
        let before = queue.next_due();
        timers.into_iter().for_each(|timer| queue.hold(timer));
        if queue.next_due() != before {
            self.held.notify_one();
        }
    }

    /// Holds these, whose time has passed while nobody was there.
    pub fn hold_overdue(&self, timers: impl IntoIterator<Item = Timer>) {
        let mut queue = self.queue();
        timers.into_iter().for_each(|timer| queue.hold_overdue(timer));
        self.held.notify_one();
    }

    /// How many are held.
    pub fn count(&self) -> usize {
        self.queue().len()
    }

    /// Looks for timers that nobody holds, now rather than at the next sweep.
    pub fn look(&self) {
        self.look.notify_one();
    }

    /// The queue itself. Never held across an await.
    pub(super) fn queue(&self) -> MutexGuard<'_, TimerQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends when [`Timers::look`] was called.
    pub async fn asked_to_look(&self) {
        self.look.notified().await;
    }

    /// Ends when something came that may be due earlier than what was held.
    pub async fn something_held(&self) {
        self.held.notified().await;
    }
}
