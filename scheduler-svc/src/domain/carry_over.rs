//! What of a task's reminders goes on with its next occurrence.

use mesh_types::{TaskId, Timestamp, derived_id};

use super::{Reminder, ReminderEvent, State, Verb};

impl Reminder {
    /// The same wish for the task that comes next, as new, whatever had become of this one; `None` if it is not carried
    /// over. It waits for what will be known of that task. Whoever computes it gets the same id.
    pub fn carry_over(&self, successor: TaskId, now: Timestamp) -> Option<ReminderEvent> {
        let wanted = self.delete_time.is_none() && self.carry_over != Some(false);
        // A fixed instant is of one occurrence only.
        if !wanted || self.offset().is_none() {
            return None;
        }
        let after = Self {
            id: derived_id("reminder", &format!("{}/{successor}", self.id)),
            task_id: successor,
            state: State::Unanchored,
            fire_time: None,
            last_fire_time: None,
            fire_count: 0,
            late: false,
            snooze_until: None,
            create_time: now,
            update_time: now,
            delete_time: None,
            version: 1,
            base: None,
            round: 0,
            ..self.clone()
        };
        Some(ReminderEvent { verb: Verb::Created, before: None, after, firing: None })
    }
}
