//! Every rule that is refused, with its position and its problem.

use mesh_recurrence::{Frequency, Part, RuleError, RuleProblem as Problem, RuleSet};

use crate::nominal;

fn refused(rule: &str) -> (usize, Problem) {
    let RuleError { position, problem } = RuleSet::parse(rule, nominal("2026-01-01T09:00:00")).unwrap_err();
    (position, problem)
}

fn range(part: Part, allowed: &'static str) -> Problem {
    Problem::OutOfRange { part, allowed }
}

#[test]
fn parts_that_are_not_well_formed_are_refused() {
    assert_eq!(refused("FREQ=DAILY;"), (11, Problem::MalformedPart));
    assert_eq!(refused("FREQ=DAILY;COUNT"), (11, Problem::MalformedPart));
    assert_eq!(refused("FREQ="), (0, Problem::MalformedPart));
    assert_eq!(refused("RRULE:COUNT=2"), (6, Problem::MissingFrequency));
    assert_eq!(refused("FREQ=FORTNIGHTLY"), (5, Problem::UnknownFrequency));
    assert_eq!(refused("FREQ=SECONDLY"), (5, Problem::Secondly));
    assert_eq!(refused("FREQ=DAILY;X-A=1"), (11, Problem::UnknownPart));
    assert_eq!(refused("RSCALE=GREGORIAN;FREQ=DAILY"), (0, Problem::UnsupportedPart));
    assert_eq!(refused("FREQ=DAILY;FREQ=DAILY"), (11, Problem::RepeatedPart(Part::Freq)));
    assert_eq!(refused("FREQ=WEEKLY;BYDAY=XX"), (18, Problem::UnknownWeekday));
    assert_eq!(refused("FREQ=WEEKLY;BYDAY=MO,,TU"), (21, Problem::UnknownWeekday));
    assert_eq!(refused("FREQ=DAILY;BYHOUR=1, 2"), (20, Problem::NotANumber(Part::ByHour)));
    assert_eq!(refused("FREQ=DAILY;BYHOUR=+1"), (18, Problem::NotANumber(Part::ByHour)));
    assert_eq!(refused("FREQ=DAILY;BYMONTH=ä"), (19, Problem::NotANumber(Part::ByMonth)));
    assert_eq!(refused("FREQ=DAILY;UNTIL=20260230"), (17, Problem::NotADate));
    assert_eq!(refused("FREQ=DAILY;UNTIL=2026-01-01"), (17, Problem::NotADate));
    assert_eq!(refused("FREQ=DAILY;UNTIL=20260101T0900"), (17, Problem::NotADate));
    assert_eq!(refused("FREQ=DAILY;UNTIL=ääää"), (17, Problem::NotADate));
}

#[test]
fn numbers_out_of_range_are_refused() {
    assert_eq!(refused("FREQ=DAILY;INTERVAL=0").1, range(Part::Interval, "1 to 4294967295"));
    assert_eq!(refused("FREQ=DAILY;INTERVAL=99999999999").1, range(Part::Interval, "1 to 4294967295"));
    assert_eq!(refused("FREQ=DAILY;INTERVAL=-1").1, Problem::NotANumber(Part::Interval));
    assert_eq!(refused("FREQ=DAILY;COUNT=0").1, range(Part::Count, "1 to 4294967295"));
    assert_eq!(refused("FREQ=DAILY;BYMONTH=13").1, range(Part::ByMonth, "1 to 12"));
    assert_eq!(refused("FREQ=MONTHLY;BYMONTHDAY=0").1, range(Part::ByMonthDay, "1 to 31 or -31 to -1"));
    assert_eq!(refused("FREQ=YEARLY;BYYEARDAY=367").1, range(Part::ByYearDay, "1 to 366 or -366 to -1"));
    assert_eq!(refused("FREQ=YEARLY;BYWEEKNO=-54").1, range(Part::ByWeekNo, "1 to 53 or -53 to -1"));
    assert_eq!(refused("FREQ=YEARLY;BYDAY=0MO").1, range(Part::ByDay, "1 to 53 or -53 to -1"));
    assert_eq!(refused("FREQ=DAILY;BYHOUR=24").1, range(Part::ByHour, "0 to 23"));
    assert_eq!(refused("FREQ=DAILY;BYMINUTE=60").1, range(Part::ByMinute, "0 to 59"));
    assert_eq!(refused("FREQ=DAILY;BYSECOND=61").1, range(Part::BySecond, "0 to 60"));
    assert_eq!(refused("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0").1, range(Part::BySetPos, "1 to 366 or -366 to -1"));
}

#[test]
fn parts_that_exclude_each_other_are_refused() {
    let with = |part, frequency| Problem::NotWithFrequency { part, frequency };
    assert_eq!(refused("FREQ=DAILY;COUNT=2;UNTIL=20260101"), (25, Problem::CountWithUntil));
    assert_eq!(refused("FREQ=WEEKLY;BYDAY=MO,2MO"), (21, Problem::OrdinalWeekday));
    assert_eq!(refused("FREQ=DAILY;BYDAY=1MO").1, Problem::OrdinalWeekday);
    assert_eq!(refused("FREQ=YEARLY;BYWEEKNO=2;BYDAY=1MO").1, Problem::OrdinalWithWeekNumbers);
    assert_eq!(refused("FREQ=WEEKLY;BYMONTHDAY=1").1, with(Part::ByMonthDay, Frequency::Weekly));
    assert_eq!(refused("FREQ=MONTHLY;BYYEARDAY=1").1, with(Part::ByYearDay, Frequency::Monthly));
    assert_eq!(refused("FREQ=MONTHLY;BYWEEKNO=1").1, with(Part::ByWeekNo, Frequency::Monthly));
    assert_eq!(refused("FREQ=DAILY;BYSETPOS=1").1, Problem::NothingToPickFrom);
}

#[test]
fn times_are_refused_for_whole_days() {
    let refused = |rule: &str| RuleSet::parse(rule, nominal("2026-01-01")).unwrap_err().problem;
    assert_eq!(refused("FREQ=DAILY;BYHOUR=9"), Problem::TimePartForWholeDays(Part::ByHour));
    assert_eq!(refused("FREQ=HOURLY"), Problem::FrequencyForWholeDays(Frequency::Hourly));
    assert_eq!(refused("FREQ=DAILY\nEXDATE:20260102T090000"), Problem::TimeForWholeDays);
}

#[test]
fn a_problem_says_what_is_wrong_and_where() {
    let error = RuleSet::parse("FREQ=WEEKLY;BYDAY=2MO", nominal("2026-01-01")).unwrap_err();
    let expected = "a weekday with a number, such as 2MO, needs FREQ=MONTHLY or FREQ=YEARLY (at byte 18)";
    assert_eq!(error.to_string(), expected);
}
