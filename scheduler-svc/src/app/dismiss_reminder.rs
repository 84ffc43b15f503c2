//! A reminder is not wanted any more.

use mesh_types::Caller;

use super::{App, Error, Target, Written};

impl App {
    /// Does not remind again. One that is dismissed already stays as it is.
    ///
    /// # Errors
    /// When it is not the caller's, has changed since it was read, or is deleted.
    #[tracing::instrument(level = "debug", skip_all, fields(reminder.id = %target.id))]
    pub async fn dismiss_reminder(&self, caller: &Caller, target: &Target) -> Result<Written, Error> {
        let now = self.clock.now();
        let (change, aim) = (target.change("DismissReminder", caller, now), target.aim(self.near(now)));
        Ok(self.store.update_reminder(&change, aim, |reminder, _| reminder.dismiss(now)).await?)
    }
}
