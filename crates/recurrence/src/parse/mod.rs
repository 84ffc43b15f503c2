//! The strict reading of rule sets: lines, then properties, then the parts of the rule.

mod check;
mod part;
mod span;
mod value;

use span::Span;

use crate::{
    Nominal, RuleError, RuleProblem,
    rule::{Moment, Rule},
};

/// The contract's limit on the text.
const LONGEST_TEXT: usize = 16 * 1024;

/// What the lines say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) rule: Option<Rule>,
    pub(crate) added: Vec<Moment>,
    pub(crate) excepted: Vec<Moment>,
}

/// A line after unfolding, which remembers where its bytes were.
struct Line {
    text: String,
    /// From this byte of the line on, the text is from that byte of the whole.
    joints: Vec<(usize, usize)>,
}

impl Line {
    fn place(&self, error: RuleError) -> RuleError {
        let joint = self.joints.iter().rev().find(|(at, _)| *at <= error.position).copied().unwrap_or_default();
        RuleError { position: joint.1 + error.position - joint.0, ..error }
    }
}

/// Reads a whole rule set.
pub(crate) fn read(text: &str, start: Nominal) -> Result<Parsed, RuleError> {
    if text.len() > LONGEST_TEXT {
        return Err(RuleError { position: LONGEST_TEXT, problem: RuleProblem::TooLong });
    }
    let mut parsed = Parsed::default();
    let lines = unfold(text);
    for line in &lines {
        read_line(Span::new(&line.text), start, &mut parsed).map_err(|error| line.place(error))?;
    }
    if lines.is_empty() {
        return Err(RuleError { position: 0, problem: RuleProblem::Empty });
    }
    if parsed.rule.is_none() && parsed.added.is_empty() {
        return Err(RuleError { position: 0, problem: RuleProblem::NothingToRepeat });
    }
    Ok(parsed)
}

/// The lines that are not blank, folded ones joined (RFC 5545, section 3.1). Blanks around a line do not count.
fn unfold(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for raw in Span::new(text).split('\n') {
        let content = raw.text.trim_end();
        if content.is_empty() {
            continue;
        }
        match lines.last_mut() {
            Some(line) if content.starts_with([' ', '\t']) => {
                line.joints.push((line.text.len(), raw.at + 1));
                line.text.push_str(&content[1..]);
            }
            _ => {
                let trimmed = content.trim_start();
                let at = raw.at + content.len() - trimmed.len();
                lines.push(Line { text: trimmed.to_owned(), joints: vec![(0, at)] });
            }
        }
    }
    lines
}

/// The same rules with another COUNT; folded lines are joined.
pub(crate) fn with_count(text: &str, count: u32) -> String {
    let lines = unfold(text).into_iter().map(|line| match line.text.to_ascii_uppercase().find("COUNT=") {
        Some(at) => {
            let (before, number) = line.text.split_at(at + "COUNT=".len());
            format!("{before}{count}{}", number.trim_start_matches(|digit: char| digit.is_ascii_digit()))
        }
        None => line.text,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn read_line(line: Span<'_>, start: Nominal, parsed: &mut Parsed) -> Result<(), RuleError> {
    let end_of_name = line.text.find([':', ';', '=']).unwrap_or(line.text.len());
    let name = line.to(end_of_name);
    if line.text[end_of_name..].starts_with('=') {
        return read_rule(line, line, start, parsed);
    }
    if name.is("DTSTART") || name.is("DTEND") {
        return Err(name.error(RuleProblem::StartInRules));
    }
    if name.is("EXRULE") {
        return Err(name.error(RuleProblem::ExceptionRule));
    }
    let (head, value) = line.split_once(':').ok_or_else(|| name.error(RuleProblem::UnknownProperty))?;
    let parameters = head.from(end_of_name);
    if name.is("RRULE") {
        if !parameters.text.is_empty() {
            return Err(parameters.from(1).error(RuleProblem::UnknownParameter));
        }
        return read_rule(line, value, start, parsed);
    }
    let moments = if name.is("RDATE") {
        &mut parsed.added
    } else if name.is("EXDATE") {
        &mut parsed.excepted
    } else {
        return Err(name.error(RuleProblem::UnknownProperty));
    };
    let shape = value::Shape::read(parameters)?;
    for piece in value.split(',') {
        moments.push(shape.moment(piece, start)?);
    }
    Ok(())
}

fn read_rule(line: Span<'_>, value: Span<'_>, start: Nominal, parsed: &mut Parsed) -> Result<(), RuleError> {
    if parsed.rule.is_some() {
        return Err(line.error(RuleProblem::SecondRule));
    }
    parsed.rule = Some(part::read(value, start)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> (usize, RuleProblem) {
        let error = read(text, "2026-01-01T09:00:00".parse().unwrap()).unwrap_err();
        (error.position, error.problem)
    }

    #[test]
    fn a_problem_behind_a_fold_is_found_where_it_was_written() {
        assert_eq!(problem("RRULE:FREQ=DAILY\r\nEXDATE:20260101T090000,\r\n 2026x"), (44, RuleProblem::NotADate));
        assert_eq!(problem("RRULE:FREQ=DAILY;\n COUNT=0").0, 25);
    }

    #[test]
    fn lines_are_told_apart() {
        assert_eq!(problem(" \n\r\n"), (0, RuleProblem::Empty));
        assert_eq!(problem("\n\nDTSTART:20260101T090000"), (2, RuleProblem::StartInRules));
        assert_eq!(problem("RRULE:FREQ=DAILY\nRRULE:FREQ=DAILY"), (17, RuleProblem::SecondRule));
        assert_eq!(problem("FREQ=DAILY\nFREQ=DAILY"), (11, RuleProblem::SecondRule));
        assert_eq!(problem("RRULE:FREQ=DAILY\nEXRULE:FREQ=DAILY"), (17, RuleProblem::ExceptionRule));
        assert_eq!(problem("every day"), (0, RuleProblem::UnknownProperty));
        assert_eq!(problem("EXDATE:20260101T090000"), (0, RuleProblem::NothingToRepeat));
        assert_eq!(problem("RRULE;X=1:FREQ=DAILY"), (6, RuleProblem::UnknownParameter));
        assert_eq!(problem("RDATE;VALUE=PERIOD:20260101T090000"), (12, RuleProblem::UnsupportedValueType));
        assert_eq!(problem("RDATE;TZID=Mars/Base:20260101T090000"), (11, RuleProblem::UnknownZone));
        assert_eq!(problem(&"x".repeat(100_000)), (16_384, RuleProblem::TooLong));
    }
}
