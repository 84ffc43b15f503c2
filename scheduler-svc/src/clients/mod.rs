//! Calls to other services, for the person on whose behalf something is done.

mod fault;
pub(crate) mod occurrence_tasks;
mod tasks;

pub use tasks::{Member, SeenTask, TasksClient, task_ref};
