//! A channel is made.

use mesh_store::Change;
use mesh_types::{Caller, Fault, RequestId, WorkspaceId, WorkspaceSelector, new_id};

use super::{App, Error};
use crate::{
    domain::{Channel, ChannelDraft, NotifyError, WebhookSecret},
    store::WrittenChannel,
};

/// A new channel.
#[derive(Clone, Debug)]
pub struct CreateChannel {
    /// Where; `None` is the caller's personal workspace.
    pub workspace: Option<WorkspaceId>,
    /// What it says of itself.
    pub draft: ChannelDraft,
    /// Makes repeating the request harmless.
    pub request: Option<RequestId>,
}

impl App {
    /// Makes a channel of the caller's. Who sees a workspace may be told of it, so that is all it takes.
    ///
    /// # Errors
    /// When the caller cannot see the workspace or has too many channels, or the URL leads to where no request may go.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn create_channel(&self, caller: &Caller, new: CreateChannel) -> Result<WrittenChannel, Error> {
        let asked = new.workspace.map_or(WorkspaceSelector::Personal, WorkspaceSelector::One);
        let workspace = caller.select(asked)?.first().copied().unwrap_or(caller.personal_workspace);
        new.draft.url.check(self.webhooks.guard()).map_err(NotifyError::UrlRefused)?;
        let now = self.clock.now();
        let event = Channel::create(new_id(now), workspace, new.draft, new_secret()?, (caller, now));
        let change = Change { caller, now, method: "CreateChannel", request: new.request.as_ref() };
        Ok(self.store.create_channel(&change, event).await?)
    }
}

/// A key that nobody can guess.
pub(super) fn new_secret() -> Result<WebhookSecret, Fault> {
    let mut bytes = vec![0; WebhookSecret::BYTES];
    getrandom::fill(&mut bytes).map_err(|_| Fault::internal())?;
    Ok(WebhookSecret::new(bytes))
}
