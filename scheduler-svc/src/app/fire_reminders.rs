//! Reminders whose time has come fire; timers that nobody holds are claimed.

use std::time::Duration;

use mesh_types::Timestamp;

use super::{App, Error, Timers};
use crate::{
    domain::{Firing, Timer},
    store::{self, FireSettings},
};

/// How soon to try again what cannot fire because of what is stored.
const UNFIT_FOR: Duration = Duration::from_secs(60);

/// How long after its time a timer that this replica holds is looked for, in case it was lost from memory.
const LOST_AFTER: Duration = Duration::from_secs(2);

/// The lease of a replica that is alone: ten years.
const FOR_GOOD: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// What fired in one go.
#[derive(Debug, Default)]
pub struct Volley {
    /// How each fired that was held when it was due.
    pub firings: Vec<Firing>,
    /// How each fired that nobody held then.
    pub overdue: Vec<Firing>,
    /// How many timers were taken out.
    pub taken: usize,
    /// How many of these are to be tried again, because somebody else was just changing their reminders.
    pub again: usize,
}

impl Volley {
    /// Whether nothing could fire but what somebody else was just changing.
    pub fn is_stuck(&self) -> bool {
        self.again > 0 && self.firings.is_empty() && self.overdue.is_empty()
    }

    fn add(&mut self, other: Self) {
        self.firings.extend(other.firings);
        self.taken += other.taken;
        self.again += other.again;
    }
}

impl App {
    /// Fires what is due; when nothing of that can fire, some of what is overdue, if it is its turn.
    ///
    /// # Errors
    /// What the database says; whatever was taken out is held again then.
    pub async fn fire_reminders(&self, overdue_too: bool) -> Result<Volley, Error> {
        let settings = *self.timers.settings();
        let now = self.clock.now();
        let on_time = self.timers.queue().take_due(now, settings.batch);
        let mut volley = Volley::default();
        if !on_time.is_empty() {
            volley = self.fire(on_time, |timers, again| timers.hold(again)).await?;
            if !volley.is_stuck() {
                return Ok(volley);
            }
        }
        let overdue_batch = if overdue_too { settings.overdue_batch } else { 0 };
        let overdue = self.timers.queue().take_overdue(overdue_batch);
        if overdue.is_empty() {
            return Ok(volley);
        }
        let more = self.fire(overdue, |timers, again| timers.hold_overdue(again)).await;
        if self.timers.queue().overdue() < settings.overdue_batch {
            self.timers.look();
        }
        let more = more?;
        volley.overdue = more.firings;
        volley.taken += more.taken;
        volley.again += more.again;
        Ok(volley)
    }

    /// How long until the next timer that is held is due; overdue ones are after `overdue_in`. `None` when none is held.
    pub fn until_next(&self, overdue_in: Duration) -> Option<Duration> {
        let now = self.clock.now();
        let queue = self.timers.queue();
        let due = queue.next_due().map(|due| due.since(now));
        let overdue = (queue.overdue() > 0).then_some(overdue_in);
        due.into_iter().chain(overdue).min()
    }

    async fn fire(&self, timers: Vec<Timer>, back: impl Fn(&Timers, Vec<Timer>)) -> Result<Volley, Error> {
        match self.fire_together(&timers).await {
            Err(error) if error.blames_data() => self.fire_one_by_one(&timers).await,
            Err(error) => {
                back(&self.timers, timers);
                Err(error.into())
            }
            Ok(volley) => Ok(volley),
        }
    }

    async fn fire_together(&self, timers: &[Timer]) -> Result<Volley, store::Error> {
        let settings = FireSettings { late_after: self.timers.settings().late_after };
        let now = self.clock.now();
        let fired = self.background.fire(timers, now, settings).await?;
        let volley =
            Volley { firings: fired.firings, taken: timers.len(), again: fired.again.len(), ..Volley::default() };
        // Behind everything that is due by now.
        let behind = |timer: Timer| Timer { due: timer.due.max(now), ..timer };
        self.timers.hold(fired.again.into_iter().map(behind));
        Ok(volley)
    }

    /// One reminder that cannot be fired must not keep those beside it from firing: it is left alone for a while.
    async fn fire_one_by_one(&self, timers: &[Timer]) -> Result<Volley, Error> {
        let mut volley = Volley::default();
        for (index, timer) in timers.iter().enumerate() {
            match self.fire_together(std::slice::from_ref(timer)).await {
                Ok(one) => volley.add(one),
                Err(error) if error.blames_data() => {
                    tracing::error!(error = %error, reminder.id = %timer.reminder_id, "a reminder cannot fire");
                    self.timers.hold([Timer { due: self.clock.now().plus(UNFIT_FOR), ..*timer }]);
                }
                Err(error) => {
                    self.timers.hold(timers.iter().skip(index).copied());
                    return Err(error.into());
                }
            }
        }
        Ok(Volley { taken: timers.len(), ..volley })
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
            if self.claim_batch(span).await? < settings.batch {
                return Ok(());
            }
        }
        // What is due at once must not wait until what is due later has made room.
        self.claim_batch((span.0, self.timers.imminent(self.clock.now()))).await?;
        Ok(())
    }

    /// Holds the oldest free timers of a span; returns how many.
    async fn claim_batch(&self, span: (Timestamp, Timestamp)) -> Result<usize, Error> {
        let limit = self.timers.settings().batch;
        let claimed = self.background.claim_timers(self.timers.replica(), span, limit).await?;
        let count = claimed.len();
        if count > 0 {
            self.timers.hold(claimed);
        }
        Ok(count)
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
