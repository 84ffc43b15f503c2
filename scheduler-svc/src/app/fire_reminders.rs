//! Reminders whose time has come fire; timers that nobody holds are claimed.

use std::time::Duration;

use mesh_types::Timestamp;

use super::{App, Error, Timers};
use crate::{
    domain::{Firing, Timer},
    store::FireSettings,
};

/// How soon to try again what somebody else was just changing.
const AGAIN: Duration = Duration::from_millis(20);

/// How long after its time a timer that this replica holds is looked for, in case it was lost from memory.
const LOST_AFTER: Duration = Duration::from_secs(2);

/// The lease of a replica that is alone: ten years.
const FOR_GOOD: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// What fired in one go.
#[derive(Debug, Default)]
pub struct Volley {
    /// How each fired.
    pub firings: Vec<Firing>,
    /// How many timers were taken out.
    pub taken: usize,
}

impl App {
    /// Fires what is due; when nothing is, some of what is overdue.
    ///
    /// # Errors
    /// What the database says; whatever was taken out is held again then.
    pub async fn fire_reminders(&self) -> Result<Volley, Error> {
        let settings = *self.timers.settings();
        let now = self.clock.now();
        let on_time = self.timers.queue().take_due(now, settings.batch);
        if !on_time.is_empty() {
            return self.fire(on_time, |timers, again| timers.hold(again)).await;
        }
        let overdue = self.timers.queue().take_overdue(settings.overdue_batch);
        if overdue.is_empty() {
            return Ok(Volley::default());
        }
        let volley = self.fire(overdue, |timers, again| timers.hold_overdue(again)).await;
        if self.timers.queue().overdue() < settings.overdue_batch {
            self.timers.look();
        }
        volley
    }

    /// How long until the next timer that is held is due; `None` when none is held.
    pub fn until_next(&self) -> Option<Duration> {
        let queue = self.timers.queue();
        let now = self.clock.now();
        if queue.overdue() > 0 { Some(Duration::ZERO) } else { queue.next_due().map(|due| due.since(now)) }
    }

    async fn fire(&self, timers: Vec<Timer>, back: impl Fn(&Timers, Vec<Timer>)) -> Result<Volley, Error> {
        let settings = FireSettings { late_after: self.timers.settings().late_after };
        let now = self.clock.now();
        let later = |timer: Timer| Timer { due: timer.due.max(now.plus(AGAIN)), ..timer };
        match self.background.fire(&timers, now, settings).await {
            Ok(fired) => {
                self.timers.hold(fired.again.into_iter().map(later));
                Ok(Volley { firings: fired.firings, taken: timers.len() })
            }
            Err(error) => {
                back(&self.timers, timers);
                Err(error.into())
            }
        }
    }

    /// Claims timers that nobody holds: those of the near future, and of the overdue ones as many as are to be held at
    /// once. Then looks for what was lost from memory.
    ///
    /// # Errors
    /// What the database says.
    pub async fn claim_timers(&self) -> Result<(), Error> {
        let settings = *self.timers.settings();
        let now = self.clock.now();
        let overdue_since = now.minus(settings.late_after);
        self.claim_near((overdue_since, now.plus(settings.look_ahead))).await?;
        let room = (2 * settings.batch).saturating_sub(self.timers.queue().overdue());
        let long_ago = Timestamp::from_micros(i64::MIN);
        if room > 0 {
            let span = (long_ago, overdue_since);
            let claimed = self.background.claim_timers(self.timers.replica(), span, room).await?;
            if !claimed.is_empty() {
                self.timers.hold_overdue(claimed);
            }
        }
        let lost = self.background.held_timers(self.timers.replica(), now.minus(LOST_AFTER), settings.batch).await?;
        if !lost.is_empty() {
            self.timers.hold_overdue(lost);
        }
        Ok(())
    }

    async fn claim_near(&self, span: (Timestamp, Timestamp)) -> Result<(), Error> {
        let settings = self.timers.settings();
        while self.timers.queue().len() < settings.held {
            let claimed = self.background.claim_timers(self.timers.replica(), span, settings.batch).await?;
            let (last, none) = (claimed.len() < settings.batch, claimed.is_empty());
            if !none {
                self.timers.hold(claimed);
            }
            if last {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Says that this replica is there and will fire what it holds.
    ///
    /// # Errors
    /// What the database says.
    pub async fn renew_lease(&self) -> Result<(), Error> {
        Ok(self.background.renew_lease(self.timers.replica(), self.timers.settings().lease).await?)
    }

    /// Says so for the first time, and clears away who is long gone.
    ///
    /// # Errors
    /// What the database says.
    pub async fn join(&self) -> Result<(), Error> {
        self.background.bury_replicas().await?;
        if self.is_alone() {
            return Ok(self.background.renew_lease(self.timers.replica(), FOR_GOOD).await?);
        }
        self.renew_lease().await
    }

    /// Whether there can be no other replica, so that the lease of this one lasts.
    pub fn is_alone(&self) -> bool {
        self.background.has_one_replica()
    }

    /// Leaves what it holds to others.
    ///
    /// # Errors
    /// What the database says.
    pub async fn leave(&self) -> Result<(), Error> {
        self.timers.queue().clear();
        Ok(self.background.leave(self.timers.replica()).await?)
    }
}
