//! A reminder's time has come.

use std::time::Duration;

use mesh_types::Timestamp;

use super::{Firing, Reminder, ReminderEvent, State, Timer, Verb};

impl Reminder {
    /// What happens when this timer's time has come: nothing if the reminder has changed since the timer was set, or its
    /// time is still to come. It counts as late when it could have fired for longer than `late_after`.
    pub fn fire(
        &self,
        timer: &Timer,
        now: Timestamp,
        late_after: Duration,
        task_title: String,
    ) -> Option<ReminderEvent> {
        let armed = matches!(self.state, State::Scheduled | State::Snoozed) && self.delete_time.is_none();
        let due = self.fire_time.filter(|due| armed && timer.generation == self.version && *due <= now)?;
        let waited = now.since(due.max(self.update_time));
        let late = waited > late_after;
        let round = self.round + 1;
        let next = self.repeat_micros.filter(|_| round < self.fires_per_round());
        let next = next.map(|every| next_after(due, every, now));
        let after = Self {
            state: if next.is_some() { State::Scheduled } else { State::Fired },
            fire_time: next,
            last_fire_time: Some(now),
            fire_count: self.fire_count.saturating_add(1),
            late,
            snooze_until: None,
            round,
            ..self.clone()
        };
        let firing = Firing { due, lateness: now.since(due), waited, late, task_title };
        Some(ReminderEvent { firing: Some(firing), ..self.event(after, Verb::Fired, now) })
    }
}

/// The first time after `now` that is a whole number of steps after `due`: what was missed is made up for once.
pub(super) fn next_after(due: Timestamp, every_micros: i64, now: Timestamp) -> Timestamp {
    let passed = now.as_micros().saturating_sub(due.as_micros()).max(0);
    let steps = passed / every_micros.max(1) + 1;
    Timestamp::from_micros(due.as_micros().saturating_add(every_micros.saturating_mul(steps)))
}
