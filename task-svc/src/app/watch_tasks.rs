//! Changes of tasks are watched as they happen.

use mesh_types::{Caller, ErrorKind, Fault, Reason, WorkspaceSelector};

use super::{App, Ended, Error, Place, Subscription};

/// What to watch.
#[derive(Clone, Debug)]
pub struct WatchTasks {
    /// Tasks of which workspaces.
    pub workspaces: WorkspaceSelector,
    /// The place that was seen last; `None` is from now on.
    pub resume: Option<Place>,
}

impl App {
    /// Begins to watch.
    ///
    /// # Errors
    /// When the caller cannot see the workspace; OUT_OF_RANGE when something between the place and now is not known
    /// here any more; UNAVAILABLE while there is no stream to watch.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn watch_tasks(&self, caller: &Caller, watch: WatchTasks) -> Result<Subscription, Error> {
        let workspaces = caller.select(watch.workspaces)?;
        if !self.live.reaches(watch.resume.as_ref()).await {
            return Err(Fault::unavailable().into());
        }
        Ok(self.live.subscribe(workspaces, watch.resume).map_err(Fault::from)?)
    }
}

impl From<Ended> for Fault {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Resync => {
                let message = "the stream cannot go on from there; list again and watch anew";
                Self::new(ErrorKind::OutOfRange, Reason::ResyncRequired, message)
            }
            Ended::TooSlow => {
                let message = "changes came faster than they were read; resume with the last token";
                let mut fault = Self::new(ErrorKind::ResourceExhausted, Reason::RateLimited, message);
                fault.retry_after = Some(std::time::Duration::from_secs(1));
                fault
            }
        }
    }
}
