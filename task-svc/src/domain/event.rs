//! What happened to a task. One mutation is one version and one event.

use super::Task;

/// Something that happened to a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskEvent {
    /// What happened.
    pub verb: Verb,
    /// The task before it; `None` when it is new.
    pub before: Option<Task>,
    /// The task after it.
    pub after: Task,
}

impl TaskEvent {
    /// The fields that are different now; of a new task, those that are set.
    pub fn changed(&self) -> Vec<Field> {
        let differs = |field: &Field| match &self.before {
            Some(before) => field.differs(before, &self.after),
            None => field.is_set(&self.after),
        };
        Field::ALL.iter().copied().filter(differs).collect()
    }
}

/// What can happen to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// It was made.
    Created,
    /// Some of its fields were changed; its status at most between the open ones.
    Updated,
    /// It was done.
    Completed,
    /// It was put back to work.
    Reopened,
    /// It was given up.
    Cancelled,
    /// It was put into the bin.
    Deleted,
    /// It was taken out of the bin.
    Undeleted,
}

impl Verb {
    /// The verb as subjects and the audit trail spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Completed => "completed",
            Self::Reopened => "reopened",
            Self::Cancelled => "cancelled",
            Self::Deleted => "deleted",
            Self::Undeleted => "undeleted",
        }
    }
}

macro_rules! fields {
    ($($name:ident = $path:literal, $get:expr, $unset:expr;)*) => {
        /// A field whose change is told. (Version, etag and update time change every time, so they are not.)
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "documented in the contract, message Task")]
        pub enum Field { $($name,)* }

        impl Field {
            /// Every such field, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its path in a field mask.
            pub fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }

            /// Whether two states of a task differ in it.
            fn differs(self, one: &Task, other: &Task) -> bool {
                match self { $(Self::$name => { let get: fn(&Task) -> _ = $get; get(one) != get(other) })* }
            }

            /// Whether a new task says something about it.
            fn is_set(self, task: &Task) -> bool {
                match self { $(Self::$name => { let get: fn(&Task) -> _ = $get; get(task) != $unset })* }
            }
        }
    };
}

fields! {
    ListId = "list_id", |task| task.list_id, None;
    ParentId = "parent_id", |task| task.parent_id, None;
    Title = "title", |task| Some(task.title.clone()), None;
    Description = "description", |task| task.description.clone(), None;
    Status = "status", |task| Some(task.status), None;
    Priority = "priority", |task| task.priority, super::Priority::None;
    Tags = "tags", |task| task.tags.clone(), super::Tags::default();
    Start = "start", |task| task.start.clone(), None;
    Due = "due", |task| task.due.clone(), None;
    Position = "position", |task| Some(task.position.clone()), None;
    ScheduleId = "schedule_id", |task| task.series.as_ref().map(|series| series.schedule_id), None;
    Occurrence = "occurrence", |task| task.series.as_ref().map(|series| series.occurrence), None;
    CompletedTime = "completed_time", |task| task.completed_time, None;
    DeleteTime = "delete_time", |task| task.delete_time, None;
}
