//! How tasks may hang together: a tree, and no deep one.

use mesh_types::TaskId;

use super::{Task, TaskError};

/// What is known of the tasks above and below, when a task becomes a part of another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineage {
    /// The new parent, its parent, and so on, nearest first, whether deleted or not; empty when there is no such
    /// parent in the workspace. At most one more than [`Lineage::MAX_DEPTH`].
    pub ancestors: Vec<TaskId>,
    /// Whether the new parent is deleted.
    pub parent_deleted: bool,
    /// How many levels of parts the task itself has; 0 for a new one.
    pub height: usize,
}

impl Lineage {
    /// How many tasks there may be on the way from a task up to the top, itself included.
    pub const MAX_DEPTH: usize = 8;

    /// Checks that `task` may become a part of `parent`.
    ///
    /// # Errors
    /// When the parent does not exist, is deleted, is a part of the task, or when the tree would become too deep.
    pub fn admit(&self, task: &Task, parent: TaskId) -> Result<(), TaskError> {
        if self.ancestors.is_empty() {
            return Err(TaskError::ParentNotFound(parent));
        }
        if self.parent_deleted {
            return Err(TaskError::Deleted(parent));
        }
        if self.ancestors.contains(&task.id) {
            return Err(TaskError::ParentIsDescendant);
        }
        if self.ancestors.len() + 1 + self.height > Self::MAX_DEPTH {
            return Err(TaskError::TooDeep { max_depth: Self::MAX_DEPTH });
        }
        Ok(())
    }
}
