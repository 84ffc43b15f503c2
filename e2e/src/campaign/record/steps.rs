//! The acknowledged changes of one thing.

use mesh_types::Timestamp;

/// Something that counts its changes.
pub trait Versioned {
    /// What the record of what happened calls its kind.
    const KIND: &'static str;

    /// Which one.
    fn id(&self) -> &str;

    /// After which change.
    fn version(&self) -> i64;
}

/// The verb of a step that found everything as it was asked for.
pub const UNCHANGED: &str = "unchanged";

/// An acknowledged change.
#[derive(Clone, Debug, PartialEq)]
pub struct Step<T> {
    /// What happened, as the record of what happened spells it, or [`UNCHANGED`].
    pub verb: &'static str,
    /// When it was first asked for.
    pub began: Timestamp,
    /// When it was answered. It happened at some time between the two.
    pub acked: Timestamp,
    /// The thing after it, as it was answered.
    pub answer: T,
}

/// The acknowledged changes of one thing, oldest first.
#[derive(Clone, Debug)]
pub struct Steps<T>(Vec<Step<T>>);

impl<T> Default for Steps<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Versioned> Steps<T> {
    /// One more. What was asked at once may be answered in any order.
    pub fn push(&mut self, step: Step<T>) {
        self.0.push(step);
        self.0.sort_by_key(|step| step.answer.version());
    }

    /// All of them.
    pub fn all(&self) -> &[Step<T>] {
        &self.0
    }

    /// The last one.
    pub fn last(&self) -> Option<&Step<T>> {
        self.0.last()
    }

    /// The first one with this verb.
    pub fn first(&self, verb: &str) -> Option<&Step<T>> {
        self.0.iter().find(|step| step.verb == verb)
    }
}
