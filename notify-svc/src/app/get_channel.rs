//! A channel is read.

use mesh_types::Caller;
use uuid::Uuid;

use super::{App, Error};
use crate::domain::Channel;

impl App {
    /// The caller's channel with this id, deleted or not.
    ///
    /// # Errors
    /// When the caller has no such channel.
    #[tracing::instrument(level = "debug", skip_all, fields(channel.id = %id))]
    pub async fn get_channel(&self, caller: &Caller, id: Uuid) -> Result<Channel, Error> {
        Ok(self.store.find_channel(caller, id).await?)
    }
}
