//! A set of rules as somebody wrote it.

use crate::{
    Nominal, RuleError, describe,
    parse::{self, Parsed},
    rule::RuleEnd,
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

    /// After how many occurrences the rule ends, if it ends by COUNT.
    pub fn count(&self) -> Option<u32> {
        match self.parsed.rule.as_ref()?.end {
            RuleEnd::Count(count) => Some(count),
            _ => None,
        }
    }

    /// The text of the same rules that end after so many occurrences, if they end by COUNT. Everything else stays as it was
    /// written, but folded lines are joined.
    pub fn text_with_count(&self, count: u32) -> Option<String> {
        self.count()?;
        Some(parse::with_count(&self.text, count))
    }

    /// The rule alone, without dates that are added or left out: what COUNT counts.
    pub(crate) fn rule_alone(&self) -> RuleSet {
        let parsed = Parsed { rule: self.parsed.rule.clone(), ..Parsed::default() };
        RuleSet { parsed, ..self.clone() }
    }

    /// The rules in plain English, such as `every 2 weeks on Monday and Friday, 10 times`.
    pub fn describe(&self) -> String {
        describe::describe(&self.parsed, self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_count(text: &str, count: u32) -> Option<String> {
        RuleSet::parse(text, "2026-01-01T09:00:00".parse().unwrap()).unwrap().text_with_count(count)
    }

    #[test]
    fn a_count_is_replaced_and_nothing_else_is() {
        assert_eq!(with_count("FREQ=DAILY;COUNT=10;INTERVAL=2", 4).as_deref(), Some("FREQ=DAILY;COUNT=4;INTERVAL=2"));
        assert_eq!(with_count("freq=daily;count=3", 1).as_deref(), Some("freq=daily;count=1"));
        let folded = "RRULE:FREQ=DAILY;COU\r\n NT=12\r\nEXDATE:20260103T090000";
        assert_eq!(with_count(folded, 5).as_deref(), Some("RRULE:FREQ=DAILY;COUNT=5\nEXDATE:20260103T090000"));
        assert_eq!(with_count("FREQ=DAILY", 4), None);
    }
}
