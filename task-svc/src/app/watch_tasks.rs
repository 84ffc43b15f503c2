//! Changes of tasks are watched as they happen.

use mesh_events::live::{Place, Subscription, Watched};
use mesh_types::{Caller, WorkspaceSelector};
use uuid::Uuid;

use super::{App, Error};
use crate::domain::Task;

/// What to watch.
#[derive(Clone, Debug)]
pub struct WatchTasks {
    /// Tasks of which workspaces.
    pub workspaces: WorkspaceSelector,
    /// The place that was seen last; `None` is from now on.
    pub resume: Option<Place>,
}

/// A task is told to whoever watches its workspace.
impl Watched for Task {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn audience(&self) -> Uuid {
        self.workspace_id.0
    }
}

impl App {
    /// Begins to watch.
    ///
    /// # Errors
    /// When the caller cannot see the workspace; OUT_OF_RANGE when something between the place and now is not known
    /// here any more; UNAVAILABLE while there is no stream to watch.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn watch_tasks(&self, caller: &Caller, watch: WatchTasks) -> Result<Subscription<Task>, Error> {
        let workspaces = caller.select(watch.workspaces)?.into_iter().map(|workspace| workspace.0).collect();
        Ok(self.live.watch(workspaces, watch.resume).await?)
    }
}
