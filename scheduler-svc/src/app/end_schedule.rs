//! A series comes to its end.

use mesh_types::Caller;

use super::{App, Error, Target};
use crate::{
    domain::{Schedule, SoFar},
    store::WrittenSchedule,
};

impl App {
    /// Plans no more tasks, ever; open ones stay. One that has ended already stays as it is.
    ///
    /// # Errors
    /// When there is no such schedule, the caller may not change it, it has changed since it was read, or it is deleted.
    #[tracing::instrument(level = "debug", skip_all, fields(schedule.id = %target.id))]
    pub async fn end_schedule(&self, caller: &Caller, target: &Target) -> Result<WrittenSchedule, Error> {
        let now = self.clock.now();
        let change = target.change("EndSchedule", caller, now);
        let decide = |schedule: &Schedule, _: &SoFar| schedule.end(now);
        Ok(self.store.update_schedule(&change, target.id, target.etag.as_ref(), decide).await?)
    }
}
