//! A task gets known: a row is made for it, then it is read where it lives.

use mesh_types::{Caller, ErrorKind, TaskId};

use super::{App, Error};
use crate::clients::SeenTask;

impl App {
    /// The task as the caller sees it now. From before it was read on, no event of it is passed over.
    ///
    /// # Errors
    /// When there is no such task for this caller, or task-svc cannot be asked.
    pub(super) async fn see_task(&self, caller: &Caller, id: TaskId) -> Result<SeenTask, Error> {
        self.store.expect_task(id).await?;
        match self.tasks.get_task(caller, id).await {
            Ok(seen) => Ok(seen),
            Err(fault) => {
                if fault.kind == ErrorKind::NotFound {
                    self.store.forget_task(id).await?;
                }
                Err(fault.into())
            }
        }
    }
}
