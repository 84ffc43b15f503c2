//! A schedule is told to wait.

use mesh_types::Caller;

use super::{App, Error, Target};
use crate::{
    domain::{Schedule, SoFar},
    store::WrittenSchedule,
};

impl App {
    /// Plans no more tasks for now; open ones stay. One that is paused already stays as it is.
    ///
    /// # Errors
    /// When there is no such schedule, the caller may not change it, it has changed since it was read, or it has ended.
    #[tracing::instrument(level = "debug", skip_all, fields(schedule.id = %target.id))]
    pub async fn pause_schedule(&self, caller: &Caller, target: &Target) -> Result<WrittenSchedule, Error> {
        let now = self.clock.now();
        let change = target.change("PauseSchedule", caller, now);
        let decide = |schedule: &Schedule, _: &SoFar| schedule.pause(now);
        Ok(self.store.update_schedule(&change, target.id, target.etag.as_ref(), decide).await?)
    }
}
