//! A reminder comes out of the bin.

use mesh_types::Caller;

use super::{App, Error, Target, Written};

impl App {
    /// Restores a deleted reminder with what is still to come. One that is not deleted stays as it is.
    ///
    /// # Errors
    /// When it is not the caller's, has changed since it was read, or they have too many of its task already.
    #[tracing::instrument(level = "debug", skip_all, fields(reminder.id = %target.id))]
    pub async fn undelete_reminder(&self, caller: &Caller, target: &Target) -> Result<Written, Error> {
        let now = self.clock.now();
        let (change, aim) = (target.change("UndeleteReminder", caller, now), target.aim(self.near(now)));
        Ok(self.hold(self.store.update_reminder(&change, aim, |reminder, task| reminder.undelete(task, now)).await?))
    }
}
