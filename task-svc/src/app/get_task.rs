//! A task is read.

use mesh_types::{Caller, TaskId};

use super::{App, Error};
use crate::domain::Task;

impl App {
    /// The task with this id, deleted or not.
    ///
    /// # Errors
    /// When there is no such task, or not for this caller.
    #[tracing::instrument(level = "debug", skip_all, fields(task.id = %id))]
    pub async fn get_task(&self, caller: &Caller, id: TaskId) -> Result<Task, Error> {
        Ok(self.store.find_task(caller, id).await?)
    }
}
