//! What becomes of a reminder when its task changes.

use mesh_types::Timestamp;

use super::{Reminder, ReminderEvent, State, TaskRef, Verb, fire::next_after};

impl Reminder {
    /// What follows for it from the state of its task, if anything. To ask twice changes nothing more.
    pub fn follow(&self, task: &TaskRef, now: Timestamp) -> Option<ReminderEvent> {
        if self.delete_time.is_some() || self.state == State::Dismissed {
            return None;
        }
        let over = task.is_over();
        match self.state {
            State::Withdrawn if over => None,
            State::Withdrawn => self.restore(task, now),
            _ if over => {
                let after = Self { state: State::Withdrawn, fire_time: None, ..self.clone() };
                Some(self.event(after, Verb::Withdrawn, now))
            }
            _ => self.move_with(task, now),
        }
    }

    /// The task came back: so does what is still to come.
    fn restore(&self, task: &TaskRef, now: Timestamp) -> Option<ReminderEvent> {
        let base = self.when.instant(task, self.zone.as_deref());
        let snoozed = self.snooze_until.filter(|until| *until > now);
        let again = self.repeat_micros.filter(|_| self.round < self.fires_per_round());
        let after = match (snoozed, base, again) {
            (Some(until), ..) => Self { state: State::Snoozed, fire_time: Some(until), ..self.clone() },
            (None, None, _) => self.clone().based(None),
            (None, Some(base), _) if base > now => self.clone().based(Some(base)),
            (None, Some(due), Some(every)) => {
                let next = Some(next_after(due, every, now));
                Self { state: State::Scheduled, fire_time: next, base, snooze_until: None, ..self.clone() }
            }
            (None, Some(_), None) => return None,
        };
        Some(self.event(after, Verb::Restored, now))
    }

    /// Its anchor moved: so does what waits for it. What has fired, repeats or was put off moves only into the future.
    fn move_with(&self, task: &TaskRef, now: Timestamp) -> Option<ReminderEvent> {
        let base = self.when.instant(task, self.zone.as_deref());
        if base == self.base {
            return None;
        }
        let waits_for_it =
            self.state == State::Unanchored || (self.state == State::Scheduled && self.fire_time == self.base);
        let moves = match base {
            Some(base) => waits_for_it || base > now,
            None => self.state == State::Scheduled,
        };
        moves.then(|| self.event(self.clone().based(base), Verb::Rescheduled, now))
    }
}
