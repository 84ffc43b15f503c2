//! What becomes of a reminder when its task changes, or how its person counts their days.

use mesh_types::Timestamp;

use super::{PersonDay, Reminder, ReminderEvent, State, TaskRef, Verb, fire::next_after};

impl Reminder {
    /// What follows for it from the state of its task, if anything. To ask twice changes nothing more.
    pub fn follow(&self, task: &TaskRef, now: Timestamp) -> Option<ReminderEvent> {
        if self.delete_time.is_some() || self.state == State::Dismissed {
            return None;
        }
        let over = task.is_over();
        match self.state {
            State::Withdrawn if over => None,
            State::Withdrawn => Some(self.event(self.still_to_come(task, now)?, Verb::Restored, now)),
            _ if over => {
                let after = Self { state: State::Withdrawn, fire_time: None, ..self.clone() };
                Some(self.event(after, Verb::Withdrawn, now))
            }
            _ => self.move_with(task, now),
        }
    }

    /// What it is with that which is still to come, when it or its task comes back; `None` if all of it has passed.
    pub(super) fn still_to_come(&self, task: &TaskRef, now: Timestamp) -> Option<Self> {
        let base = self.when.instant(task, &self.day);
        let snoozed = self.snooze_until.filter(|until| *until > now);
        let again = self.repeat_micros.filter(|_| self.round < self.fires_per_round());
        match (snoozed, base, again) {
            (Some(until), ..) => Some(Self { state: State::Snoozed, fire_time: Some(until), ..self.clone() }),
            (None, None, _) => Some(self.clone().based(None)),
            (None, Some(base), _) if base > now => Some(self.clone().based(Some(base))),
            (None, Some(due), Some(every)) => {
                let next = Some(next_after(due, every, now));
                Some(Self { state: State::Scheduled, fire_time: next, base, snooze_until: None, ..self.clone() })
            }
            (None, Some(_), None) => None,
        }
    }

    /// Its anchor moved: so does what waits for it. What has fired, repeats or was put off moves only into the future.
    fn move_with(&self, task: &TaskRef, now: Timestamp) -> Option<ReminderEvent> {
        let base = self.when.instant(task, &self.day);
        if base == self.base {
            return None;
        }
        let moves = match base {
            Some(base) => self.waits_for_anchor() || base > now,
            None => self.state == State::Scheduled,
        };
        moves.then(|| self.event(self.clone().based(base), Verb::Rescheduled, now))
    }

    /// What it is once its person lives by `day`, and the event of that if it is anything to tell of: what waits for its
    /// anchor moves, wherever to; what has fired, repeats or was put off stays as it is.
    pub fn follow_person(&self, task: &TaskRef, day: &PersonDay, now: Timestamp) -> (Self, Option<ReminderEvent>) {
        let after = Self { day: day.clone(), ..self.clone() };
        let (was, base) = (self.when.instant(task, &self.day), after.when.instant(task, day));
        if base != self.base && self.delete_time.is_none() && self.waits_for_anchor() {
            let event = self.event(after.based(base), Verb::Rescheduled, now);
            return (event.after.clone(), Some(event));
        }
        // When the task has moved as well, its own event is still to come, and must find that it did.
        let base = if was == self.base { base } else { self.base };
        (Self { base, ..after }, None)
    }

    /// Whether it fires at its anchor's time, or once it has one.
    fn waits_for_anchor(&self) -> bool {
        self.state == State::Unanchored || (self.state == State::Scheduled && self.fire_time == self.base)
    }
}
