//! What happened in workspaces is listed, newest first.

use mesh_types::{Caller, Fault, PageSize, PageToken, WorkspaceSelector};

use super::{App, EntryPage, page::Filling};
use crate::domain::{Entry, ListKey};

/// Which entries to list.
#[derive(Clone, Debug)]
pub struct ListAuditEvents {
    /// Of which workspaces.
    pub workspaces: WorkspaceSelector,
    /// How many at most.
    pub page_size: PageSize,
    /// Where to begin: the token that came with the page before.
    pub page_token: String,
}

impl App {
    /// One page of what happened, in the order of its arrival, so that what comes in later is on an earlier page and
    /// shifts nothing. It is short when its entries are large.
    ///
    /// # Errors
    /// When the caller cannot see the workspace, or the token is not one of this list's.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn list_audit_events(&self, caller: &Caller, list: ListAuditEvents) -> Result<EntryPage, Fault> {
        let workspaces = caller.select(list.workspaces)?;
        let (user, selected) = (caller.actor.user_id.to_string(), selected(caller, list.workspaces));
        let query = ["events", user.as_str(), selected.as_str()];
        let after: Option<ListKey> = PageToken::decode(&list.page_token, &query)?;
        let mut page = Filling::new(list.page_size, Entry::list_key, after);
        while let Some((after, limit)) = page.next_bite() {
            page.take(self.store.list_events(&workspaces, after, limit).await?, limit);
        }
        page.done(&query)
    }
}

/// The workspaces as the page token knows them.
fn selected(caller: &Caller, workspaces: WorkspaceSelector) -> String {
    match workspaces {
        WorkspaceSelector::All => "-".to_owned(),
        WorkspaceSelector::Personal => caller.personal_workspace.to_string(),
        WorkspaceSelector::One(id) => id.to_string(),
    }
}
