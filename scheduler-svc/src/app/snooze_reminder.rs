//! A reminder is put off.

use std::time::Duration;

use mesh_types::{Caller, Timestamp};

use super::{App, Error, Target, Written};
use crate::domain::{PersonDay, SnoozePreset};

/// Be reminded again later.
#[derive(Clone, Debug)]
pub struct SnoozeReminder {
    /// Which reminder.
    pub target: Target,
    /// When.
    pub until: Until,
}

/// When snoozing ends.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After so long.
    After(Duration),
    /// At this instant.
    At(Timestamp),
    /// At this time as people say it.
    Preset(SnoozePreset),
}

impl App {
    /// Reminds again later, whether it has fired or not. A time that has passed fires at once.
    ///
    /// # Errors
    /// When it is not the caller's, has changed since it was read, or cannot be put off as it stands.
    #[tracing::instrument(level = "debug", skip_all, fields(reminder.id = %snooze.target.id))]
    pub async fn snooze_reminder(&self, caller: &Caller, snooze: &SnoozeReminder) -> Result<Written, Error> {
        let now = self.clock.now();
        let until = match snooze.until {
            Until::After(delay) => now.plus(delay),
            Until::At(instant) => instant,
            Until::Preset(preset) => preset.instant(&PersonDay::of_caller(caller), now),
        };
        let target = &snooze.target;
        let (change, aim) = (target.change("SnoozeReminder", caller, now), target.aim(self.near(now)));
        Ok(self.hold(self.store.update_reminder(&change, aim, |reminder, _| reminder.snooze(until, now)).await?))
    }
}
