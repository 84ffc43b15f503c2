//! A schedule is put into the bin.

use mesh_types::Caller;

use super::{App, Error, Target};
use crate::{
    domain::{OpenTasks, Schedule, SoFar},
    store::WrittenSchedule,
};

/// Put a schedule into the bin.
#[derive(Clone, Debug)]
pub struct DeleteSchedule {
    /// Which schedule.
    pub target: Target,
    /// What becomes of its open tasks.
    pub open_tasks: OpenTasks,
}

impl App {
    /// Plans no more tasks, and does with open ones what is asked. One that is deleted already stays as it is.
    ///
    /// # Errors
    /// When there is no such schedule, the caller may not change it, or it has changed since it was read.
    #[tracing::instrument(level = "debug", skip_all, fields(schedule.id = %delete.target.id))]
    pub async fn delete_schedule(&self, caller: &Caller, delete: &DeleteSchedule) -> Result<WrittenSchedule, Error> {
        let now = self.clock.now();
        let target = &delete.target;
        let change = target.change("DeleteSchedule", caller, now);
        let decide = |schedule: &Schedule, so_far: &SoFar| schedule.delete(delete.open_tasks, so_far, now);
        let written = self.store.update_schedule(&change, target.id, target.etag.as_ref(), decide).await?;
        self.planned.notify_one();
        Ok(written)
    }
}
