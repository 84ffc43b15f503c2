//! A schedule is taken out of the bin.

use mesh_types::Caller;

use super::{App, Error, Target};
use crate::{
    domain::{Schedule, SoFar},
    store::WrittenSchedule,
};

impl App {
    /// Plans tasks again, and at once what it owes by then. One that is not deleted stays as it is.
    ///
    /// # Errors
    /// When there is no such schedule, the caller may not change it, or it has changed since it was read.
    #[tracing::instrument(level = "debug", skip_all, fields(schedule.id = %target.id))]
    pub async fn undelete_schedule(&self, caller: &Caller, target: &Target) -> Result<WrittenSchedule, Error> {
        let now = self.clock.now();
        let change = target.change("UndeleteSchedule", caller, now);
        let decide = |schedule: &Schedule, so_far: &SoFar| schedule.undelete(so_far, now);
        let written = self.store.update_schedule(&change, target.id, target.etag.as_ref(), decide).await?;
        self.planned.notify_one();
        Ok(written)
    }
}
