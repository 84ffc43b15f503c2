//! The task and what becomes of it. Every change is decided here: a method looks at the task as it is and returns what
//! happens, if anything; the store commits it.

use mesh_types::{Actor, Etag, TaskId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use super::{Description, PlannedTime, Position, Priority, Series, Status, Tags, TaskError, TaskEvent, Title, Verb};

/// Something that somebody means to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The workspace it belongs to, for good.
    pub workspace_id: WorkspaceId,
    /// The list it is filed in.
    pub list_id: Option<Uuid>,
    /// The task it is a part of.
    pub parent_id: Option<TaskId>,
    /// What it is called.
    pub title: Title,
    /// What else there is to say.
    pub description: Option<Description>,
    /// Where it stands.
    pub status: Status,
    /// How much it matters.
    pub priority: Priority,
    /// Free labels.
    pub tags: Tags,
    /// When work on it begins.
    pub start: Option<PlannedTime>,
    /// When it is to be done.
    pub due: Option<PlannedTime>,
    /// Its place among its siblings.
    pub position: Position,
    /// The occurrence of a schedule that it is.
    pub series: Option<Series>,
    /// When it was completed; set exactly while it is.
    pub completed_time: Option<Timestamp>,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// When it was deleted; set exactly while it is.
    pub delete_time: Option<Timestamp>,
    /// Counts its changes from 1, without a gap.
    pub version: i64,
    /// Who created it.
    pub created_by: UserId,
}

/// What a new task says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The list to file it in.
    pub list_id: Option<Uuid>,
    /// The task it is a part of.
    pub parent_id: Option<TaskId>,
    /// What it is called.
    pub title: Title,
    /// What else there is to say.
    pub description: Option<Description>,
    /// Where it stands from the beginning.
    pub status: Status,
    /// How much it matters.
    pub priority: Priority,
    /// Free labels.
    pub tags: Tags,
    /// When work on it begins.
    pub start: Option<PlannedTime>,
    /// When it is to be done.
    pub due: Option<PlannedTime>,
    /// The occurrence of a schedule that it is; for services to say.
    pub series: Option<Series>,
}

/// What a rule says to a change: what happens (`None`: it is so already, so nothing does), or why it cannot.
pub type Decision = Result<Option<TaskEvent>, TaskError>;

impl Task {
    /// A new task, last among its siblings. `id` is a fresh one; an occurrence of a schedule has its own.
    ///
    /// # Errors
    /// When a person claims an occurrence of a schedule.
    pub fn create(
        id: TaskId,
        workspace_id: WorkspaceId,
        draft: Draft,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<TaskEvent, TaskError> {
        if draft.series.is_some() && actor.service.is_none() {
            return Err(TaskError::ServicesOnly);
        }
        let id = draft.series.as_ref().map_or(id, Series::task_id);
        let after = Self {
            id,
            workspace_id,
            list_id: draft.list_id,
            parent_id: draft.parent_id,
            title: draft.title,
            description: draft.description,
            status: draft.status,
            priority: draft.priority,
            tags: draft.tags,
            start: draft.start,
            due: draft.due,
            position: Position::last(id, now),
            series: draft.series,
            completed_time: (draft.status == Status::Completed).then_some(now),
            create_time: now,
            update_time: now,
            delete_time: None,
            version: 1,
            created_by: actor.user_id,
        };
        Ok(TaskEvent { verb: Verb::Created, before: None, after })
    }

    /// Marks it as done.
    ///
    /// # Errors
    /// When it is cancelled or deleted.
    pub fn complete(&self, now: Timestamp) -> Decision {
        self.step_to(Status::Completed, now)
    }

    /// Marks it as not to be done.
    ///
    /// # Errors
    /// When it is completed or deleted.
    pub fn cancel(&self, now: Timestamp) -> Decision {
        self.step_to(Status::Cancelled, now)
    }

    /// Puts it back to work. An open task, begun or not, stays as it is.
    ///
    /// # Errors
    /// When it is deleted.
    pub fn reopen(&self, now: Timestamp) -> Decision {
        let target = if self.status.is_open() { self.status } else { Status::NeedsAction };
        self.step_to(target, now)
    }

    /// Puts it into the bin.
    ///
    /// # Errors
    /// None; the form is that of all changes.
    pub fn delete(&self, now: Timestamp) -> Decision {
        if self.delete_time.is_some() {
            return Ok(None);
        }
        Ok(Some(self.event(Self { delete_time: Some(now), ..self.clone() }, Verb::Deleted, now)))
    }

    /// Takes it out of the bin, as it was.
    ///
    /// # Errors
    /// None; the form is that of all changes.
    pub fn undelete(&self, now: Timestamp) -> Decision {
        if self.delete_time.is_none() {
            return Ok(None);
        }
        Ok(Some(self.event(Self { delete_time: None, ..self.clone() }, Verb::Undeleted, now)))
    }

    /// Identifies this version of it.
    pub fn etag(&self) -> Etag {
        Etag::of(self.id.0, self.version)
    }

    /// Checks that the caller has read this version, if they said which one they have read.
    ///
    /// # Errors
    /// When they have read another one.
    pub fn matches(&self, etag: Option<&Etag>) -> Result<(), TaskError> {
        match etag {
            Some(read) if *read != self.etag() => Err(TaskError::EtagStale { id: self.id, current: self.etag() }),
            _ => Ok(()),
        }
    }

    /// About how many bytes it takes to tell it.
    pub fn weight(&self) -> usize {
        let description = self.description.as_ref().map_or(0, |description| description.as_str().len());
        let tags: usize = self.tags.as_slice().iter().map(|tag| tag.len() + 4).sum();
        self.title.as_str().len() + description + tags + 512
    }

    pub(super) fn refuse_if_deleted(&self) -> Result<(), TaskError> {
        self.delete_time.map_or(Ok(()), |_| Err(TaskError::Deleted(self.id)))
    }

    /// The event that makes `after` of this task; what follows from the step is filled in.
    pub(super) fn event(&self, after: Self, verb: Verb, now: Timestamp) -> TaskEvent {
        let completed_time = match after.status {
            status if status == self.status => self.completed_time,
            status => (status == Status::Completed).then_some(now),
        };
        let (version, update_time) = (self.version + 1, self.update_time.max(now));
        TaskEvent { verb, before: Some(self.clone()), after: Self { completed_time, version, update_time, ..after } }
    }

    fn step_to(&self, status: Status, now: Timestamp) -> Decision {
        self.refuse_if_deleted()?;
        let verb = self.status.step_to(status)?;
        Ok(verb.map(|verb| self.event(Self { status, ..self.clone() }, verb, now)))
    }
}
