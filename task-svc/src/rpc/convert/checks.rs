//! Collects everything that is wrong with a request, so that the caller learns of it all at once.

use mesh_types::{Fault, TaskId, Violation};
use uuid::Uuid;

/// What is wrong with a request so far.
#[derive(Debug, Default)]
pub(super) struct Checks(Vec<Violation>);

impl Checks {
    /// Notes that `field` breaks `rule`.
    pub(super) fn add(&mut self, field: impl Into<String>, rule: &str, description: impl Into<String>) {
        self.0.push(Violation::new(field, rule, description));
    }

    /// The value, or a note of why there is none.
    pub(super) fn keep<T, E: Broken>(&mut self, field: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.add(field, error.rule(), error.to_string())).ok()
    }

    /// A UUID in its usual form.
    pub(super) fn uuid(&mut self, field: &str, text: &str) -> Option<Uuid> {
        // `parse_str` also reads other forms, which would make two texts of one id.
        let id = Uuid::parse_str(text).ok().filter(|_| text.len() == 36);
        if id.is_none() {
            self.add(field, "string.uuid", "must be a UUID");
        }
        id
    }

    /// The id of a task.
    pub(super) fn task_id(&mut self, field: &str, text: &str) -> Option<TaskId> {
        self.uuid(field, text).map(TaskId)
    }

    /// A word that is compared and stored, but never shown.
    pub(super) fn token(&mut self, field: &str, text: String) -> Option<String> {
        if text.chars().any(char::is_control) {
            self.add(field, "string.no_control_characters", "must not hold control characters");
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    /// The value, if nothing was wrong. (`None` without a note does not happen.)
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, Fault> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Fault::invalid(self.0)),
        }
    }
}

/// A reason of the domain's to refuse a value.
pub(super) trait Broken: std::fmt::Display {
    /// The rule that is broken, as violations name it.
    fn rule(&self) -> &'static str;
}

impl Broken for crate::domain::TextError {
    fn rule(&self) -> &'static str {
        Self::rule(*self)
    }
}

impl Broken for crate::domain::PlannedTimeError {
    fn rule(&self) -> &'static str {
        Self::rule(*self)
    }
}
