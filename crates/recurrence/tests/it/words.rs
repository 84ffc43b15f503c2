//! Rules in plain English, and warnings about them.

use mesh_recurrence::{MonthEnd, Policies, RuleSet, Warning};

use crate::{nominal, series, series_with};

fn text(rules: &str) -> String {
    RuleSet::parse(rules, nominal("2026-11-20T09:00:00")).unwrap().describe()
}

fn warnings(rules: &str, start: &str) -> Vec<Warning> {
    series(rules, start, "Europe/Berlin").warnings("2026-11-20T12:00:00Z".parse().unwrap())
}

#[test]
fn rules_are_told_in_plain_english() {
    let cases = [
        ("FREQ=DAILY", "every day"),
        ("FREQ=DAILY;INTERVAL=3;COUNT=10", "every 3 days, 10 times"),
        ("FREQ=WEEKLY", "every week on Friday"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR,MO", "every other week on Monday and Friday"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every week on weekdays"),
        ("FREQ=MONTHLY", "every month on the 20th"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15,-1", "every month on the 1st, 15th and last day"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "every month on the last Friday"),
        ("FREQ=MONTHLY;BYDAY=2TU", "every month on the 2nd Tuesday"),
        ("FREQ=YEARLY", "every year on the 20th of November"),
        ("FREQ=YEARLY;BYMONTH=1,6;BYDAY=1MO", "every year on the 1st Monday in January and June"),
        ("FREQ=DAILY;BYHOUR=9,17;BYMINUTE=30", "every day at 09:30 and 17:30"),
        ("FREQ=HOURLY;INTERVAL=4", "every 4 hours"),
        ("FREQ=DAILY;UNTIL=20261231", "every day, until 31 December 2026"),
        ("FREQ=DAILY;UNTIL=20261231T120000Z", "every day, until 31 December 2026 12:00 UTC"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "every month on weekdays (only the last one of these)"),
        ("FREQ=DAILY\nEXDATE;VALUE=DATE:20261224", "every day, except on 24 December 2026"),
        ("RDATE:20261224T100000", "on 20 November 2026 09:00, also on 24 December 2026 10:00"),
    ];
    for (rules, expected) in cases {
        assert_eq!(text(rules), expected, "{rules}");
    }
}

#[test]
fn rules_that_surprise_are_warned_about() {
    let start = "2026-11-20T09:00:00";
    assert_eq!(warnings("FREQ=DAILY", start), []);
    assert_eq!(warnings("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", start)[0], Warning::NeverFires);
    assert_eq!(warnings("FREQ=DAILY;UNTIL=20260101", start), [Warning::EndsBeforeStart]);
    assert_eq!(warnings("FREQ=DAILY;COUNT=3", "2026-01-01T09:00:00"), [Warning::AllPast]);
    assert_eq!(warnings("FREQ=MONTHLY;BYMONTHDAY=31", "2026-12-31T09:00:00"), [Warning::ShortMonths { day: 31 }]);
    assert_eq!(warnings("FREQ=YEARLY", "2028-02-29T09:00:00"), [Warning::LeapYearsOnly]);
    assert_eq!(warnings("FREQ=YEARLY;BYMONTH=1,3;BYMONTHDAY=31", "2027-01-31T09:00:00"), []);
    let first = nominal("2026-11-23T09:00:00");
    assert_eq!(warnings("FREQ=WEEKLY;BYDAY=MO", start), [Warning::StartDoesNotFit { first }]);
}

#[test]
fn nights_in_which_the_clocks_change_are_warned_about() {
    let found = warnings("FREQ=DAILY", "2026-11-20T02:30:00");
    let (gap, overlap) = (nominal("2027-03-28T02:30:00"), nominal("2027-10-31T02:30:00"));
    assert_eq!(found, [Warning::FallsInGap { nominal: gap }, Warning::FallsInOverlap { nominal: overlap }]);
    assert_eq!(found[0].to_string(), "2027-03-28T02:30:00 does not exist: the clocks go forward then.");
}

#[test]
fn a_clamped_month_end_needs_no_warning() {
    let clamp = Policies { month_end: MonthEnd::Clamp, ..Policies::default() };
    let series = series_with("FREQ=MONTHLY", "2026-12-31", "UTC", clamp);
    assert_eq!(series.warnings("2026-11-20T12:00:00Z".parse().unwrap()), []);
}
