//! A person's channels are listed, oldest first, page by page.

use mesh_types::{Caller, PageSize, PageToken, WorkspaceSelector};

use super::{App, Error, page};
use crate::{domain::Channel, store::ChannelsPage};

/// Which of the caller's channels to list.
#[derive(Clone, Debug)]
pub struct ListChannels {
    /// Of which workspaces.
    pub workspaces: WorkspaceSelector,
    /// Whether deleted ones are listed, too.
    pub show_deleted: bool,
    /// How many at most.
    pub page_size: PageSize,
    /// Where to begin: the token that came with the page before.
    pub page_token: String,
}

/// A page of channels.
#[derive(Clone, Debug)]
pub struct ChannelPage {
    /// The channels.
    pub channels: Vec<Channel>,
    /// Asks for the next page; empty on the last one.
    pub next_page_token: String,
}

impl App {
    /// One page of the caller's own channels.
    ///
    /// # Errors
    /// When the caller cannot see the workspace, or the token is not one of this list's.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn list_channels(&self, caller: &Caller, list: ListChannels) -> Result<ChannelPage, Error> {
        let ListChannels { workspaces, show_deleted, page_size, page_token } = list;
        let identity = page::identity("channels", caller, workspaces, &show_deleted.to_string());
        let identity = identity.each_ref().map(String::as_str);
        let after = PageToken::decode(&page_token, &identity)?;
        let (user, workspaces) = (caller.actor.user_id, caller.select(workspaces)?);
        let page = ChannelsPage { user, workspaces, show_deleted, after, limit: page_size.get() + 1 };
        let mut channels = self.store.list_channels(&page).await?;
        let more = page::cut(&mut channels, page_size, Channel::weight);
        let last = channels.last().filter(|_| more).map(|last| (last.create_time, last.id));
        let next_page_token = last.map_or(Ok(String::new()), |key| PageToken::encode(&key, &identity))?;
        Ok(ChannelPage { channels, next_page_token })
    }
}
