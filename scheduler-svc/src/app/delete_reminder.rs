//! A reminder goes into the bin.

use mesh_types::Caller;

use super::{App, Error, Target, Written};

impl App {
    /// Deletes a reminder softly: it does not fire any more. One that is deleted already stays as it is.
    ///
    /// # Errors
    /// When it is not the caller's, or has changed since it was read.
    #[tracing::instrument(level = "debug", skip_all, fields(reminder.id = %target.id))]
    pub async fn delete_reminder(&self, caller: &Caller, target: &Target) -> Result<Written, Error> {
        let now = self.clock.now();
        let (change, aim) = (target.change("DeleteReminder", caller, now), target.aim(self.near(now)));
        Ok(self.store.update_reminder(&change, aim, |reminder, _| reminder.delete(now)).await?)
    }
}
