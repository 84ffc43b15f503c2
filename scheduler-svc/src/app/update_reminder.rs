//! Fields of a reminder change, all at once.

use mesh_types::Caller;

use super::{App, Error, Target, Written};
use crate::domain::Edit;

/// New values for some fields of a reminder.
#[derive(Clone, Debug)]
pub struct UpdateReminder {
    /// Which reminder.
    pub target: Target,
    /// The new values.
    pub edits: Vec<Edit>,
}

impl App {
    /// Changes these fields and no others. If all of them have these values already, nothing happens. A reminder whose time
    /// changes is set anew; a time that has passed fires at once.
    ///
    /// # Errors
    /// When it is not the caller's, it has changed since it was read, it is deleted, or it would not say when.
    #[tracing::instrument(level = "debug", skip_all, fields(reminder.id = %update.target.id))]
    pub async fn update_reminder(&self, caller: &Caller, update: UpdateReminder) -> Result<Written, Error> {
        let UpdateReminder { target, edits } = update;
        let now = self.clock.now();
        let (change, aim) = (target.change("UpdateReminder", caller, now), target.aim(self.near(now)));
        let written = self.store.update_reminder(&change, aim, |reminder, task| reminder.edit(edits, task, now));
        Ok(self.hold(written.await?))
    }
}
