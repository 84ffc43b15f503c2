//! Rules that were written to hurt.

use jiff::{Timestamp, civil::DateTime};
use mesh_recurrence::{Nominal, Outcome, Policies, RuleSet, Series, Warning, Weekend};

use crate::{all, nominal, series, tz};

/// Asks everything that a service asks.
fn exercise(rule: &str, start: &str) -> Outcome {
    let Ok(rules) = RuleSet::parse(rule, nominal(start)) else { return Outcome::Ended };
    let policies = Policies { weekend: Weekend::NextWeekday, ..Policies::default() };
    let moving = Series::new(rules.clone(), tz("Europe/Berlin"), policies);
    moving.first();
    let series = Series::new(rules, tz("Europe/Berlin"), Policies::default());
    series.next_after_instant("2026-11-20T12:00:00Z".parse().unwrap());
    series.next_after(nominal("2026-11-20T12:00:00"));
    series.between("2026-03-28T00:00:00Z".parse().unwrap(), Timestamp::MAX, 1000);
    series.warnings("2026-11-20T12:00:00Z".parse().unwrap());
    series.first()
}

fn numbers(range: std::ops::Range<u32>) -> String {
    range.map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

#[test]
fn rules_that_never_fire_end() {
    let never = [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYHOUR=3;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;BYMINUTE=7;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;INTERVAL=2;BYMINUTE=1",
        "FREQ=MINUTELY;BYDAY=TU;BYMINUTE=29;BYSETPOS=2",
        "FREQ=DAILY;INTERVAL=7;BYDAY=SU",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=200",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
    ];
    for rule in never {
        assert_eq!(exercise(rule, "2026-01-01T00:00:00"), Outcome::Ended, "{rule}");
    }
}

#[test]
fn products_of_every_second_are_answered() {
    let (hours, sixty) = (numbers(0..24), numbers(0..60));
    for frequency in ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"] {
        let rule = format!(
            "FREQ={frequency};BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR={hours};BYMINUTE={sixty};BYSECOND={sixty};BYSETPOS=-1,1,7"
        );
        assert!(matches!(exercise(&rule, "1990-01-01T00:00:00"), Outcome::Next(_)), "{frequency}");
        let without = rule.replace(";BYSETPOS=-1,1,7", "");
        assert!(matches!(exercise(&without, "1990-01-01T00:00:00"), Outcome::Next(_)), "{frequency}");
    }
}

#[test]
fn extremes_are_answered() {
    let year_days = numbers(1..367);
    let rules = [
        "FREQ=DAILY;INTERVAL=2147483648".to_owned(),
        "FREQ=YEARLY;INTERVAL=4294967295".to_owned(),
        "FREQ=MINUTELY;INTERVAL=4294967295;COUNT=4294967295".to_owned(),
        "FREQ=MINUTELY;COUNT=4294967295".to_owned(),
        "FREQ=MINUTELY;BYHOUR=9;COUNT=4294967295".to_owned(),
        "FREQ=MINUTELY;BYDAY=MO;COUNT=4294967295".to_owned(),
        "FREQ=DAILY;COUNT=4294967295".to_owned(),
        "FREQ=DAILY;UNTIL=99991231T235959Z".to_owned(),
        "FREQ=HOURLY;INTERVAL=168;BYDAY=SU".to_owned(),
        "FREQ=HOURLY;INTERVAL=24;BYHOUR=9".to_owned(),
        format!("FREQ=YEARLY;BYYEARDAY={year_days};BYMONTH=2;BYMONTHDAY=30"),
        format!("FREQ=MINUTELY;BYYEARDAY={year_days};BYMONTH=2;BYMONTHDAY=30"),
        format!("FREQ=DAILY;COUNT=9\nEXDATE:{}", vec!["20260101T000000"; 1000].join(",")),
        "FREQ=DAILY;".repeat(9_000),
    ];
    for rule in &rules {
        for start in ["0000-01-01T00:00:00", "2026-01-01T00:00:00", "9999-12-31T23:59:59"] {
            exercise(rule, start);
        }
    }
}

#[test]
fn a_count_too_far_to_count_is_admitted() {
    let minutely = series("FREQ=MINUTELY;BYHOUR=9;COUNT=4294967295", "2026-01-01T00:00:00", "UTC");
    assert!(matches!(minutely.first(), Outcome::Next(_)));
    assert_eq!(minutely.next_after(nominal("9000-01-01T00:00:00")), Outcome::GaveUp);
    let far = series("FREQ=DAILY;COUNT=90000", "2026-01-01T00:00:00", "UTC");
    assert!(matches!(far.next_after(nominal("2200-01-01T00:00:00")), Outcome::Next(_)));
    assert_eq!(far.next_after(nominal("2400-01-01T00:00:00")), Outcome::Ended);
}

#[test]
fn the_ends_of_time_are_answered() {
    for rule in ["FREQ=DAILY", "FREQ=MINUTELY", "FREQ=YEARLY;BYHOUR=9", "FREQ=WEEKLY;COUNT=3", "RDATE:20260101T090000"]
    {
        for start in [DateTime::MIN, DateTime::ZERO, DateTime::MAX] {
            let rules = RuleSet::parse(rule, Nominal::Local(start)).unwrap();
            let series = Series::new(rules, tz("America/New_York"), Policies::default());
            for instant in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
                series.next_after_instant(instant);
                series.between(instant, Timestamp::MAX, 3);
                series.warnings(instant);
            }
            for nominal in [DateTime::MIN, DateTime::ZERO, DateTime::MAX] {
                series.next_after(Nominal::Local(nominal));
                series.next_after(Nominal::Date(nominal.date()));
            }
        }
    }
}

#[test]
fn the_calendar_ends_with_the_year_9999() {
    let daily = series("FREQ=DAILY", "9999-12-25T09:00:00", "UTC");
    assert_eq!(daily.between(Timestamp::MIN, Timestamp::MAX, 99).occurrences.len(), 3);
    assert_eq!(series("FREQ=DAILY", "9999-12-31", "UTC").first(), Outcome::Ended);
}

#[test]
fn what_is_beyond_the_last_instant_is_no_occurrence_however_it_is_asked_for() {
    for frequency in ["DAILY", "MINUTELY", "HOURLY"] {
        let late = series(&format!("FREQ={frequency};BYSECOND=59"), "9999-12-31T23:59:59", "America/New_York");
        assert_eq!((late.first(), all(&late, 9).occurrences.len()), (Outcome::Ended, 0), "{frequency}");
        assert_eq!(late.warnings(Timestamp::UNIX_EPOCH), [Warning::NeverFires], "{frequency}");
    }
}
