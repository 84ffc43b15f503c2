//! What schedules do to tasks in their user's name, which no call of the user's about the task answers.

/// What schedules were asked to do to one task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errands {
    /// The schedules of which it was to become an occurrence, in order.
    pub schedules: Vec<String>,
    /// How it was to be closed after that, if it was.
    pub closing: Option<Closing>,
}

/// How a schedule closes a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// It is cancelled.
    Cancel,
    /// It is deleted.
    Delete,
}
