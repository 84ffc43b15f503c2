//! Changes of single fields, several of which make one change of a reminder.

use mesh_types::Timestamp;
use uuid::Uuid;

use super::{Anchor, Decision, Reminder, ReminderError, State, TaskRef, Verb, When};

/// The new value of one field; `None` clears it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Fire so many microseconds after the anchor.
    Offset(Option<i64>),
    /// Count from something else.
    Anchor(Option<Anchor>),
    /// Fire at this instant.
    At(Option<Timestamp>),
    /// Fire again after so many microseconds.
    Repeat(Option<i64>),
    /// Fire so often at most.
    RepeatLimit(Option<i32>),
    /// Tell it by these channels.
    Channels(Vec<Uuid>),
    /// Go on with the next occurrence, or not.
    CarryOver(Option<bool>),
}

impl Reminder {
    /// Makes all `edits` at once: one version and one event. One whose time changes is set anew, whatever had become of it.
    ///
    /// # Errors
    /// When it is deleted, or would not say when it fires.
    pub fn edit(&self, edits: Vec<Edit>, task: &TaskRef, now: Timestamp) -> Decision {
        self.refuse_if_deleted()?;
        let when = edited_when(self.when, &edits)?;
        let after = edits.into_iter().fold(self.clone(), Self::with);
        let after =
            if when != self.when { Self { when, ..after }.set_anew(task) } else { after.stop_if_repeated_enough() };
        Ok((after != *self).then(|| self.event(after, Verb::Updated, now)))
    }

    fn with(mut self, edit: Edit) -> Self {
        match edit {
            // Together these are `when`.
            Edit::Offset(_) | Edit::Anchor(_) | Edit::At(_) => {}
            Edit::Repeat(every) => self.repeat_micros = every,
            Edit::RepeatLimit(limit) => self.repeat_limit = limit,
            Edit::Channels(channels) => self.channel_ids = channels,
            Edit::CarryOver(carry_over) => self.carry_over = carry_over,
        }
        self
    }

    fn set_anew(self, task: &TaskRef) -> Self {
        let base = self.when.instant(task, &self.day);
        let set = self.based(base);
        match task.is_over() {
            true => Self { state: State::Withdrawn, fire_time: None, ..set },
            false => set,
        }
    }

    fn stop_if_repeated_enough(self) -> Self {
        let repeats = self.state == State::Scheduled && self.round > 0;
        match repeats && self.round >= self.fires_per_round() {
            true => Self { state: State::Fired, fire_time: None, ..self },
            false => self,
        }
    }
}

/// What `when` becomes: naming an offset clears the instant, and the other way round.
fn edited_when(when: When, edits: &[Edit]) -> Result<When, ReminderError> {
    let (mut offset, mut at, mut anchor) = match when {
        When::Offset(micros, anchor) => (Some(micros), None, anchor),
        When::At(instant) => (None, Some(instant), Anchor::Due),
    };
    let mut anchor_named = false;
    for edit in edits {
        match edit {
            Edit::Offset(Some(micros)) => (offset, at) = (Some(*micros), None),
            Edit::Offset(None) => offset = None,
            Edit::At(Some(instant)) => (offset, at) = (None, Some(*instant)),
            Edit::At(None) => at = None,
            Edit::Anchor(named) => (anchor, anchor_named) = (named.unwrap_or_default(), named.is_some()),
            Edit::Repeat(_) | Edit::RepeatLimit(_) | Edit::Channels(_) | Edit::CarryOver(_) => {}
        }
    }
    match (offset, at) {
        (Some(micros), _) => Ok(When::Offset(micros, anchor)),
        (None, Some(_)) if anchor_named => Err(ReminderError::AnchorAlone),
        (None, Some(instant)) => Ok(When::At(instant)),
        (None, None) => Err(ReminderError::TimeMissing),
    }
}
