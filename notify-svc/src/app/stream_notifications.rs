//! An inbox is watched as it changes.

use mesh_events::live::{Place, Subscription, Watched};
use mesh_types::{Caller, UserId, WorkspaceId, WorkspaceSelector, derived_id};
use uuid::Uuid;

use super::{App, Error};
use crate::domain::Notification;

/// What to watch.
#[derive(Clone, Debug)]
pub struct StreamNotifications {
    /// Notifications of which workspaces.
    pub workspaces: WorkspaceSelector,
    /// The place that was seen last; `None` is from now on.
    pub resume: Option<Place>,
}

impl App {
    /// Begins to watch the caller's own notifications.
    ///
    /// # Errors
    /// When the caller cannot see the workspace; OUT_OF_RANGE when something between the place and now is not known
    /// here any more; UNAVAILABLE while there is no stream to watch.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn stream_notifications(
        &self,
        caller: &Caller,
        watch: StreamNotifications,
    ) -> Result<Subscription<Notification>, Error> {
        let workspaces = caller.select(watch.workspaces)?;
        let inboxes = workspaces.into_iter().map(|workspace| inbox(caller.actor.user_id, workspace)).collect();
        Ok(self.live.watch(inboxes, watch.resume).await?)
    }
}

/// Who is told: a person, of a workspace. So a stream is never told what it would have to pass over.
fn inbox(user: UserId, workspace: WorkspaceId) -> Uuid {
    derived_id("inbox", &format!("{workspace}/{user}"))
}

impl Watched for Notification {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn audience(&self) -> Uuid {
        inbox(self.user_id, self.workspace_id)
    }
}
