//! A channel is deleted, and what waits for it with it.

use mesh_store::Change;
use mesh_types::{Caller, Etag, RequestId};
use uuid::Uuid;

use super::{App, Error};
use crate::{
    domain::{Cause, Channel},
    store::WrittenChannel,
};

/// Which channel to delete.
#[derive(Clone, Debug)]
pub struct DeleteChannel {
    /// Its id.
    pub id: Uuid,
    /// The version that the caller has read, if they care.
    pub etag: Option<Etag>,
    /// Makes repeating the request harmless.
    pub request: Option<RequestId>,
}

impl App {
    /// Deletes a channel softly and cancels the deliveries that wait for it. One that is deleted already stays as it is.
    ///
    /// # Errors
    /// When the caller has no such channel, or it has changed since it was read.
    #[tracing::instrument(level = "debug", skip_all, fields(channel.id = %delete.id))]
    pub async fn delete_channel(&self, caller: &Caller, delete: &DeleteChannel) -> Result<WrittenChannel, Error> {
        let now = self.clock.now();
        let change = Change { caller, now, method: "DeleteChannel", request: delete.request.as_ref() };
        let decide = |channel: &Channel| channel.delete(Cause::from(caller), now);
        Ok(self.store.update_channel(&change, delete.id, delete.etag.as_ref(), decide).await?)
    }
}
