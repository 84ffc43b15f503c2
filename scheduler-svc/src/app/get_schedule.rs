//! A schedule is read.

use mesh_types::Caller;
use uuid::Uuid;

use super::{App, Error};
use crate::domain::Schedule;

impl App {
    /// The schedule with this id.
    ///
    /// # Errors
    /// When there is no such schedule, or not for this caller.
    #[tracing::instrument(level = "debug", skip_all, fields(schedule.id = %id))]
    pub async fn get_schedule(&self, caller: &Caller, id: Uuid) -> Result<Schedule, Error> {
        Ok(self.store.find_schedule(caller, id).await?)
    }
}
