//! What the parts of a rule forbid each other (RFC 5545, section 3.3.10).

use super::{part::Given, span::Span};
use crate::{Frequency, Nominal, Part, RuleError, RuleProblem, rule::Rule};

/// Checks the parts against each other and against the start.
pub(super) fn check(rule: &Rule, given: &Given<'_>, start: Nominal) -> Result<(), RuleError> {
    let place = |wanted: Part| given.iter().find(|(part, _)| *part == wanted).map(|(_, value)| *value);
    if let (Some(count), Some(until)) = (place(Part::Count), place(Part::Until)) {
        let later = if count.at > until.at { count } else { until };
        return Err(later.error(RuleProblem::CountWithUntil));
    }
    for (part, value) in given {
        if !allowed_with(*part, rule.frequency) {
            let problem = RuleProblem::NotWithFrequency { part: *part, frequency: rule.frequency };
            return Err(value.error(problem));
        }
        if start.is_date() && matches!(part, Part::ByHour | Part::ByMinute | Part::BySecond) {
            return Err(value.error(RuleProblem::TimePartForWholeDays(*part)));
        }
    }
    if let Some(value) = place(Part::ByDay) {
        check_ordinals(rule, value)?;
    }
    if let Some(value) = place(Part::Freq).filter(|_| start.is_date() && rule.frequency < Frequency::Daily) {
        return Err(value.error(RuleProblem::FrequencyForWholeDays(rule.frequency)));
    }
    if let Some(value) = place(Part::BySetPos) {
        let picks = rule.picks_days() || rule.has_time_parts() || !rule.months.is_empty();
        return if picks { Ok(()) } else { Err(value.error(RuleProblem::NothingToPickFrom)) };
    }
    Ok(())
}

fn allowed_with(part: Part, frequency: Frequency) -> bool {
    match part {
        Part::ByWeekNo => frequency == Frequency::Yearly,
        Part::ByYearDay => frequency == Frequency::Yearly || frequency < Frequency::Daily,
        Part::ByMonthDay => frequency != Frequency::Weekly,
        _ => true,
    }
}

fn check_ordinals(rule: &Rule, value: Span<'_>) -> Result<(), RuleError> {
    let is_ordinal = |piece: &Span<'_>| !piece.text.starts_with(|first: char| first.is_ascii_alphabetic());
    let Some(ordinal) = value.split(',').find(is_ordinal) else {
        return Ok(());
    };
    if rule.frequency < Frequency::Monthly {
        return Err(ordinal.error(RuleProblem::OrdinalWeekday));
    }
    if !rule.weeks.is_empty() {
        return Err(ordinal.error(RuleProblem::OrdinalWithWeekNumbers));
    }
    Ok(())
}
