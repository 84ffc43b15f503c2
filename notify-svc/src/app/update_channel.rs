//! Fields of a channel change, all at once; its key with them, if that is asked for.

use mesh_store::Change;
use mesh_types::{Caller, Etag, RequestId};
use uuid::Uuid;

use super::{App, Error, create_channel::new_secret};
use crate::{
    domain::{Cause, Channel, ChannelEdit, NotifyError},
    store::WrittenChannel,
};

/// New values for some fields of a channel.
#[derive(Clone, Debug)]
pub struct UpdateChannel {
    /// Which channel.
    pub id: Uuid,
    /// The version that the caller has read, if they care.
    pub etag: Option<Etag>,
    /// The new values.
    pub edits: Vec<ChannelEdit>,
    /// Whether it gets a new key.
    pub rotate_secret: bool,
    /// Makes repeating the request harmless.
    pub request: Option<RequestId>,
}

impl App {
    /// Changes these fields and no others. If all of them have these values already, and no new key is asked for, nothing
    /// happens.
    ///
    /// # Errors
    /// When the caller has no such channel, it has changed since it was read, it is deleted, or the URL leads to where no
    /// request may go.
    #[tracing::instrument(level = "debug", skip_all, fields(channel.id = %update.id))]
    pub async fn update_channel(&self, caller: &Caller, update: UpdateChannel) -> Result<WrittenChannel, Error> {
        let UpdateChannel { id, etag, edits, rotate_secret, request } = update;
        for edit in &edits {
            if let ChannelEdit::Url(url) = edit {
                url.check(self.webhooks.guard()).map_err(NotifyError::UrlRefused)?;
            }
        }
        let secret = if rotate_secret { Some(new_secret()?) } else { None };
        let now = self.clock.now();
        let change = Change { caller, now, method: "UpdateChannel", request: request.as_ref() };
        let decide = |channel: &Channel| channel.edit(edits, secret, Cause::from(caller), now);
        Ok(self.store.update_channel(&change, id, etag.as_ref(), decide).await?)
    }
}
