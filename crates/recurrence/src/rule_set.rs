//! A set of rules as somebody wrote it.

use crate::{
    Nominal, RuleError, describe,
    parse::{self, Parsed},
};

/// A rule set as somebody wrote it: parsed strictly, its text kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSet {
    text: String,
    start: Nominal,
    pub(crate) parsed: Parsed,
}

impl RuleSet {
    /// Reads lines of RRULE, RDATE and EXDATE; a lone rule may leave out `RRULE:`. Folded lines are joined.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub fn parse(text: &str, start: Nominal) -> Result<RuleSet, RuleError> {
        Ok(RuleSet { parsed: parse::read(text, start)?, text: text.to_owned(), start })
    }

    /// The text, as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the rules start.
    pub fn start(&self) -> Nominal {
        self.start
    }

    /// The rules in plain English, such as `every 2 weeks on Monday and Friday, 10 times`.
    pub fn describe(&self) -> String {
        describe::describe(&self.parsed, self.start)
    }
}
