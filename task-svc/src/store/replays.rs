//! Answers to requests that were answered before.

use mesh_store::{StoreError, request_ids::Outcome};
use mesh_types::{Caller, TaskId};

use super::{Error, Store, Written};

impl Store {
    /// The state after the event that the first request appended. If it changed nothing, or its event is kept no
    /// longer, the task as it is.
    pub(super) async fn replay(&self, caller: &Caller, outcome: Outcome) -> Result<Written, Error> {
        let event = match outcome.event_id {
            Some(id) => self.log.find(id).await?,
            None => None,
        };
        let Some(event) = event else {
            let task = self.find_task(caller, TaskId(outcome.aggregate_id)).await?;
            return Ok(Written { task, change_id: outcome.event_id });
        };
        let task = (self.codec.decode)(&event).ok_or_else(|| StoreError::corrupt("event_log.payload"))?;
        Ok(Written { task, change_id: outcome.event_id })
    }
}
