//! A schedule goes on.

use mesh_types::Caller;

use super::{App, Error, Target};
use crate::{
    domain::{Schedule, SoFar},
    store::WrittenSchedule,
};

impl App {
    /// Plans tasks again, and at once the one that follows a task that was closed meanwhile. One that is not paused stays
    /// as it is.
    ///
    /// # Errors
    /// When there is no such schedule, the caller may not change it, it has changed since it was read, or it has ended.
    #[tracing::instrument(level = "debug", skip_all, fields(schedule.id = %target.id))]
    pub async fn resume_schedule(&self, caller: &Caller, target: &Target) -> Result<WrittenSchedule, Error> {
        let now = self.clock.now();
        let change = target.change("ResumeSchedule", caller, now);
        let decide = |schedule: &Schedule, so_far: &SoFar| schedule.resume(so_far, now);
        let written = self.store.update_schedule(&change, target.id, target.etag.as_ref(), decide).await?;
        self.planned.notify_one();
        Ok(written)
    }
}
