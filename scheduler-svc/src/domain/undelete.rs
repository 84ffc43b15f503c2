//! A reminder comes out of the bin.

use mesh_types::Timestamp;

use super::{Decision, Reminder, State, TaskRef, Verb};

impl Reminder {
    /// Takes it out of the bin with what is still to come. What has passed does not fire: it waits, withdrawn, for its task
    /// to move. Of a task that is over it is withdrawn, and one that was dismissed stays so.
    ///
    /// # Errors
    /// None; the form is that of all changes.
    pub fn undelete(&self, task: &TaskRef, now: Timestamp) -> Decision {
        if self.delete_time.is_none() {
            return Ok(None);
        }
        let kept = Self { delete_time: None, fire_time: None, ..self.clone() };
        let after = match kept.state {
            State::Dismissed => kept,
            _ => match kept.still_to_come(task, now).filter(|_| !task.is_over()) {
                Some(back) => back,
                None => Self { state: State::Withdrawn, ..kept },
            },
        };
        Ok(Some(self.event(after, Verb::Undeleted, now)))
    }
}
