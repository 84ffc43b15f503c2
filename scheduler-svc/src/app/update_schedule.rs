//! Fields of a schedule are changed.

use mesh_types::Caller;

use super::{App, Error, Target};
use crate::{
    domain::{Schedule, ScheduleEdit, SoFar},
    store::WrittenSchedule,
};

/// New values of some fields of a schedule.
#[derive(Clone, Debug)]
pub struct UpdateSchedule {
    /// Which schedule.
    pub target: Target,
    /// What changes.
    pub edits: Vec<ScheduleEdit>,
}

impl App {
    /// Changes the named fields and no others. New rules hold from the next occurrence that is not planned yet.
    ///
    /// # Errors
    /// When there is no such schedule, the caller may not change it, it has changed since it was read, it has ended, or
    /// it would make no sense.
    #[tracing::instrument(level = "debug", skip_all, fields(schedule.id = %update.target.id))]
    pub async fn update_schedule(&self, caller: &Caller, update: UpdateSchedule) -> Result<WrittenSchedule, Error> {
        let now = self.clock.now();
        let UpdateSchedule { target, edits } = update;
        let change = target.change("UpdateSchedule", caller, now);
        let decide = |schedule: &Schedule, so_far: &SoFar| schedule.edit(edits, so_far, now);
        let written = self.store.update_schedule(&change, target.id, target.etag.as_ref(), decide).await?;
        self.planned.notify_one();
        Ok(written)
    }
}
