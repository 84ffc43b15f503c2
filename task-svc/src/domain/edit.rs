//! Changes of single fields, several of which make one change of a task.

use mesh_types::{Actor, TaskId, Timestamp};
use uuid::Uuid;

use super::{Decision, Description, PlannedTime, Priority, Series, Status, Tags, Task, TaskError, Title, Verb};

/// The new value of one field; `None` clears it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// File it in another list.
    List(Option<Uuid>),
    /// Make it a part of another task.
    Parent(Option<TaskId>),
    /// Call it something else.
    Title(Title),
    /// Say something else of it.
    Description(Option<Description>),
    /// The same step as the verb makes.
    Status(Status),
    /// Let it matter more or less.
    Priority(Priority),
    /// Label it anew.
    Tags(Tags),
    /// Begin at another time.
    Start(Option<PlannedTime>),
    /// Be done by another time.
    Due(Option<PlannedTime>),
    /// Make it an occurrence of a schedule; for services.
    Series(Option<Series>),
}

impl Task {
    /// Makes all `edits` at once: one version and one event, whose verb is that of the step its status makes, if any.
    ///
    /// # Errors
    /// When it is deleted, its status does not allow the step, or a person changes what is for services.
    pub fn edit(&self, edits: Vec<Edit>, actor: &Actor, now: Timestamp) -> Decision {
        self.refuse_if_deleted()?;
        let after = edits.into_iter().fold(self.clone(), Self::with);
        if after.series != self.series && actor.service.is_none() {
            return Err(TaskError::ServicesOnly);
        }
        if after.parent_id == Some(self.id) {
            return Err(TaskError::ParentIsItself);
        }
        if after == *self {
            return Ok(None);
        }
        let verb = self.status.step_to(after.status)?.unwrap_or(Verb::Updated);
        Ok(Some(self.event(after, verb, now)))
    }

    fn with(mut self, edit: Edit) -> Self {
        match edit {
            Edit::List(list) => self.list_id = list,
            Edit::Parent(parent) => self.parent_id = parent,
            Edit::Title(title) => self.title = title,
            Edit::Description(description) => self.description = description,
            Edit::Status(status) => self.status = status,
            Edit::Priority(priority) => self.priority = priority,
            Edit::Tags(tags) => self.tags = tags,
            Edit::Start(start) => self.start = start,
            Edit::Due(due) => self.due = due,
            Edit::Series(series) => self.series = series,
        }
        self
    }
}
