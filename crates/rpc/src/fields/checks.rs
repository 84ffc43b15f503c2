//! Collects everything that is wrong with a request, so that the caller learns of it all at once.

use mesh_types::{Fault, Violation};
use uuid::Uuid;

/// What is wrong with a request so far.
#[derive(Debug, Default)]
pub struct Checks(Vec<Violation>);

/// A reason of the domain's to refuse a value.
pub trait Broken: std::fmt::Display {
    /// The rule that is broken, as violations name it.
    fn rule(&self) -> &'static str;
}

impl Checks {
    /// Notes that `field` breaks `rule`.
    pub fn add(&mut self, field: impl Into<String>, rule: &str, description: impl Into<String>) {
        self.0.push(Violation::new(field, rule, description));
    }

    /// The value, or a note of why there is none.
    pub fn keep<T, E: Broken>(&mut self, field: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.add(field, error.rule(), error.to_string())).ok()
    }

    /// A UUID in its usual form.
    pub fn uuid(&mut self, field: &str, text: &str) -> Option<Uuid> {
        // `parse_str` also reads other forms, which would make two texts of one id.
        let id = Uuid::parse_str(text).ok().filter(|_| text.len() == 36);
        if id.is_none() {
            self.add(field, "string.uuid", "must be a UUID");
        }
        id
    }

    /// A word that is compared and stored, but never shown; `None` without a note when it is empty.
    pub fn token(&mut self, field: &str, text: String) -> Option<String> {
        if text.chars().any(char::is_control) {
            self.add(field, "string.no_control_characters", "must not hold control characters");
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    /// The value, if nothing was wrong. (`None` without a note does not happen.)
    ///
    /// # Errors
    /// INVALID_ARGUMENT (`FIELDS_INVALID`) with everything that was noted.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Fault> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Fault::invalid(self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let mut checks = Checks::default();
        let first = checks.uuid("first", "{0190163d-8694-739b-aea5-966c26f8ad90}");
        let second = checks.token("second", "a\0b".to_owned());
        let fault = checks.finish(first.zip(second)).expect_err("two things are wrong");
        let fields: Vec<_> = fault.violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["first", "second"]);
    }

    #[test]
    fn a_value_beside_a_note_is_refused() {
        let mut checks = Checks::default();
        checks.add("other", "required", "is needed");
        assert!(checks.finish(Some(1)).is_err());
        assert_eq!(Checks::default().finish(Some(1)), Ok(1));
    }
}
