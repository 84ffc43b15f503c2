//! The parts of one rule: `FREQ=WEEKLY;BYDAY=MO,FR`.

use super::{check, span::Span, value};
use crate::{
    Frequency, Nominal, Part, RuleError, RuleProblem,
    rule::{OrdinalWeekday, Rule, RuleEnd, Weekday},
};

/// The parts that were given, and where their values are.
pub(super) type Given<'a> = Vec<(Part, Span<'a>)>;

/// Reads the value of an RRULE.
pub(super) fn read(text: Span<'_>, start: Nominal) -> Result<Rule, RuleError> {
    let given = split(text)?;
    let place = |wanted: Part| given.iter().find(|(part, _)| *part == wanted).map(|(_, value)| *value);
    let frequency = place(Part::Freq).ok_or_else(|| text.error(RuleProblem::MissingFrequency))?;
    let mut rule = Rule::new(read_frequency(frequency)?);
    for (part, value) in &given {
        read_part(*part, *value, &mut rule)?;
    }
    check::check(&rule, &given, start)?;
    Ok(rule)
}

fn split(text: Span<'_>) -> Result<Given<'_>, RuleError> {
    let mut given: Given<'_> = Vec::new();
    for piece in text.split(';') {
        let malformed = || piece.error(RuleProblem::MalformedPart);
        let (name, value) = piece.split_once('=').ok_or_else(malformed)?;
        if name.text.is_empty() || value.text.is_empty() {
            return Err(malformed());
        }
        if name.is("RSCALE") || name.is("SKIP") {
            return Err(name.error(RuleProblem::UnsupportedPart));
        }
        let part = Part::ALL.into_iter().find(|part| name.is(part.name()));
        let part = part.ok_or_else(|| name.error(RuleProblem::UnknownPart))?;
        if given.iter().any(|(earlier, _)| *earlier == part) {
            return Err(name.error(RuleProblem::RepeatedPart(part)));
        }
        given.push((part, value));
    }
    Ok(given)
}

fn read_frequency(value: Span<'_>) -> Result<Frequency, RuleError> {
    use Frequency::{Daily, Hourly, Minutely, Monthly, Weekly, Yearly};
    if value.is("SECONDLY") {
        return Err(value.error(RuleProblem::Secondly));
    }
    let known = [Yearly, Monthly, Weekly, Daily, Hourly, Minutely];
    let found = known.into_iter().find(|frequency| value.is(&frequency.to_string()));
    found.ok_or_else(|| value.error(RuleProblem::UnknownFrequency))
}

fn read_part(part: Part, value: Span<'_>, rule: &mut Rule) -> Result<(), RuleError> {
    match part {
        Part::Freq => {}
        Part::Interval => rule.interval = positive(part, value)?,
        Part::Count => rule.end = RuleEnd::Count(positive(part, value)?),
        // COUNT beside it is found by the checks, which look at what was given.
        Part::Until => rule.end = RuleEnd::Until(value::moment(value)?),
        Part::Wkst => rule.week_start = weekday(value)?,
        Part::ByDay => {
            rule.weekdays = value.split(',').map(ordinal_weekday).collect::<Result<_, _>>()?;
            tidy(&mut rule.weekdays);
        }
        part => {
            let numbers = value.split(',').map(|piece| number(part, piece)).collect::<Result<_, _>>()?;
            if let Some(list) = rule.list(part) {
                *list = numbers;
                tidy(list);
            }
        }
    }
    Ok(())
}

fn tidy<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}

fn positive(part: Part, value: Span<'_>) -> Result<u32, RuleError> {
    if !value.text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(value.error(RuleProblem::NotANumber(part)));
    }
    match value.text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(value.error(RuleProblem::OutOfRange { part, allowed: "1 to 4294967295" })),
    }
}

/// What the numbers of a part may be: the least, the most, and in words. A negative least allows signs, but never 0.
fn allowed(part: Part) -> (i16, i16, &'static str) {
    match part {
        Part::ByMonth => (1, 12, "1 to 12"),
        Part::ByWeekNo | Part::ByDay => (-53, 53, "1 to 53 or -53 to -1"),
        Part::ByMonthDay => (-31, 31, "1 to 31 or -31 to -1"),
        Part::ByHour => (0, 23, "0 to 23"),
        Part::ByMinute => (0, 59, "0 to 59"),
        Part::BySecond => (0, 60, "0 to 60"),
        _ => (-366, 366, "1 to 366 or -366 to -1"),
    }
}

fn number(part: Part, value: Span<'_>) -> Result<i16, RuleError> {
    let (least, most, words) = allowed(part);
    let signed = least < 0 && value.text.starts_with(['+', '-']);
    let digits = if signed { value.from(1) } else { value };
    if digits.text.is_empty() || !digits.text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(value.error(RuleProblem::NotANumber(part)));
    }
    let out_of_range = || value.error(RuleProblem::OutOfRange { part, allowed: words });
    // Three digits are the most that RFC 5545 has.
    let magnitude: i16 =
        if digits.text.len() > 3 { None } else { digits.text.parse().ok() }.ok_or_else(out_of_range)?;
    let number = if value.text.starts_with('-') { -magnitude } else { magnitude };
    if !(least..=most).contains(&number) || (least < 0 && number == 0) {
        return Err(out_of_range());
    }
    // A leap second is taken for the second before it (RFC 5545, section 3.3.12).
    Ok(if part == Part::BySecond { number.min(59) } else { number })
}

fn weekday(value: Span<'_>) -> Result<Weekday, RuleError> {
    let days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let found = (0..7).zip(days).find(|(_, name)| value.is(name)).map(|(day, _)| day);
    found.ok_or_else(|| value.error(RuleProblem::UnknownWeekday))
}

fn ordinal_weekday(value: Span<'_>) -> Result<OrdinalWeekday, RuleError> {
    let letters = value.text.find(|character: char| character.is_ascii_alphabetic());
    let letters = letters.ok_or_else(|| value.error(RuleProblem::UnknownWeekday))?;
    let ordinal = if letters == 0 { 0 } else { number(Part::ByDay, value.to(letters))? };
    Ok((ordinal, weekday(value.from(letters))?))
}
