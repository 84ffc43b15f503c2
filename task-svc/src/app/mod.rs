//! What can be done with tasks: one file per use case. A use case says who may do it and in which order its parts
//! happen; what is true of tasks is the domain's matter.

mod cancel_task;
mod complete_task;
mod create_task;
mod delete_task;
mod error;
mod get_task;
mod list_tasks;
mod reopen_task;
mod undelete_task;
mod update_task;
mod watch_tasks;

use std::sync::Arc;

use mesh_events::live::Live;
use mesh_store::Change;
use mesh_types::{Caller, Clock, Etag, RequestId, TaskId, Timestamp};

use crate::{domain::Task, store::Store};

pub use create_task::CreateTask;
pub use error::Error;
pub use list_tasks::{ListTasks, TaskPage};
pub use update_task::UpdateTask;
pub use watch_tasks::WatchTasks;

pub use crate::store::Written;

/// Every use case, and what they need.
pub struct App {
    store: Store,
    live: Arc<Live<Task>>,
    clock: Arc<dyn Clock>,
}

impl App {
    /// The use cases on this store, telling live changes as they come in.
    pub fn new(store: Store, live: Arc<Live<Task>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, live, clock }
    }
}

/// The task that a verb is for.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its id.
    pub id: TaskId,
    /// The version that the caller has read, if they care.
    pub etag: Option<Etag>,
    /// Makes repeating the request harmless.
    pub request: Option<RequestId>,
}

impl Target {
    fn change<'a>(&'a self, method: &'static str, caller: &'a Caller, now: Timestamp) -> Change<'a> {
        Change { caller, now, method, request: self.request.as_ref() }
    }
}
