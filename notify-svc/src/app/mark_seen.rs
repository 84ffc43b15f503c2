//! Notifications were shown to a person.

use mesh_store::Change;
use mesh_types::{Caller, RequestId, Timestamp, WorkspaceId, WorkspaceSelector};

use super::{App, Error};
use crate::{domain::NotificationId, store::Unseen};

/// Which notifications were shown.
#[derive(Clone, Debug)]
pub struct MarkSeen {
    /// Of this workspace; else of the personal one.
    pub workspace: Option<WorkspaceId>,
    /// Of these; all if there are none.
    pub ids: Vec<NotificationId>,
    /// Created at this instant or before.
    pub up_to: Option<Timestamp>,
    /// Makes repeating the request harmless.
    pub request: Option<RequestId>,
}

impl App {
    /// Marks the caller's notifications as seen, oldest first, at most 1000 in one call; returns how many it changed.
    /// What is seen, withdrawn or not the caller's is passed over.
    ///
    /// # Errors
    /// When the caller cannot see the workspace.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn mark_seen(&self, caller: &Caller, mark: MarkSeen) -> Result<u64, Error> {
        let workspace = mark.workspace.unwrap_or(caller.personal_workspace);
        // An inbox is its person's own: to see the workspace is enough.
        caller.select(WorkspaceSelector::One(workspace))?;
        let change = Change { caller, now: self.clock.now(), method: "MarkSeen", request: mark.request.as_ref() };
        let which = Unseen { workspace, ids: mark.ids, up_to: mark.up_to };
        Ok(self.store.see_notifications(&change, &which).await?)
    }
}
