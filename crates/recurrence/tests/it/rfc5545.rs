//! The examples of RFC 5545, section 3.8.5.3, in America/New_York, and what its text says besides.

use crate::{all, nominals, series};

/// Start, rule, how many there are in all (or `-` for ever), the first ten.
const EXAMPLES: &str = include_str!("../data/rfc5545.txt");

#[test]
fn the_examples_of_the_rfc_give_what_it_says() {
    for line in EXAMPLES.lines() {
        let [start, rule, total, expected] = line.split('|').collect::<Vec<_>>().try_into().unwrap();
        let long = |compact: &str| {
            let (date, time) = (&compact[..8], &compact[9..13]);
            format!("{}-{}-{}T{}:{}:00", &date[..4], &date[4..6], &date[6..], &time[..2], &time[2..])
        };
        let series = series(rule, &long(start), "America/New_York");
        let expected: Vec<String> = expected.split(' ').map(long).collect();
        assert_eq!(nominals(&series, 10), expected, "{rule}");
        let listed = all(&series, 200);
        match total {
            "-" => assert!(!listed.complete, "{rule}"),
            total => assert_eq!(listed.occurrences.len().to_string(), total, "{rule}"),
        }
    }
}

#[test]
fn the_start_is_left_out_by_exdate() {
    let rules = "RRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=3\r\nEXDATE;TZID=America/New_York:19980213T090000";
    let found = nominals(&series(rules, "1997-09-02T09:00:00", "America/New_York"), 10);
    assert_eq!(found, ["1998-03-13T09:00:00", "1998-11-13T09:00:00"]);
}

#[test]
fn dates_are_added_and_left_out() {
    let rules = "FREQ=DAILY;COUNT=4\nRDATE:20260103T120000,20260101T090000,20260110T080000Z\nRDATE;VALUE=DATE:20260120\n\
                 EXDATE:20260102T090000\nEXDATE;VALUE=DATE:20260104";
    let found = nominals(&series(rules, "2026-01-01T09:00:00", "Europe/Berlin"), 20);
    let expected = ["01T09", "03T09", "03T12", "10T09", "20T09"];
    assert_eq!(found, expected.map(|day| format!("2026-01-{day}:00:00")));
}

#[test]
fn with_dates_alone_the_start_is_the_first() {
    let found = nominals(&series("RDATE:20260105T090000,20260103T090000", "2026-01-01T09:00:00", "UTC"), 9);
    assert_eq!(found, ["2026-01-01T09:00:00", "2026-01-03T09:00:00", "2026-01-05T09:00:00"]);
    let days = nominals(&series("RDATE;VALUE=DATE:20260105\nEXDATE:20260101", "2026-01-01", "UTC"), 9);
    assert_eq!(days, ["2026-01-05"]);
}

#[test]
fn until_may_be_in_utc_or_a_day_or_a_wall_time_and_is_inclusive() {
    let count = |rule: &str| all(&series(rule, "2026-01-01T09:00:00", "Europe/Berlin"), 99).occurrences.len();
    assert_eq!(count("FREQ=DAILY;UNTIL=20260105T080000Z"), 5);
    assert_eq!(count("FREQ=DAILY;UNTIL=20260105T075959Z"), 4);
    assert_eq!(count("FREQ=DAILY;UNTIL=20260105"), 5);
    assert_eq!(count("FREQ=DAILY;UNTIL=20260105T090000"), 5);
    assert_eq!(count("FREQ=DAILY;UNTIL=20260105T085959"), 4);
    assert_eq!(count("FREQ=HOURLY;INTERVAL=12;UNTIL=20260102"), 4);
    assert_eq!(count("FREQ=HOURLY;INTERVAL=12;UNTIL=20260102T090000"), 3);
    let days = series("FREQ=DAILY;UNTIL=20260105T000000Z", "2026-01-01", "America/New_York");
    assert_eq!(all(&days, 99).occurrences.len(), 5);
}

#[test]
fn what_a_rule_leaves_out_comes_from_its_start() {
    let of = |rule: &str| nominals(&series(rule, "2026-11-19T09:00:00", "UTC"), 3);
    assert_eq!(of("FREQ=YEARLY;BYWEEKNO=1"), ["2027-01-07T09:00:00", "2028-01-06T09:00:00", "2029-01-04T09:00:00"]);
    assert_eq!(of("FREQ=MONTHLY"), ["2026-11-19T09:00:00", "2026-12-19T09:00:00", "2027-01-19T09:00:00"]);
    assert_eq!(of("FREQ=YEARLY;BYDAY=MO,1TU"), ["2026-11-23T09:00:00", "2026-11-30T09:00:00", "2026-12-07T09:00:00"]);
}

#[test]
fn legal_rules_that_engines_refuse_are_read() {
    let of = |rule: &str| nominals(&series(rule, "2026-01-01T09:00:00", "UTC"), 2);
    assert_eq!(of("FREQ=MONTHLY;BYDAY=-5MO"), ["2026-03-02T09:00:00", "2026-06-01T09:00:00"]);
    assert_eq!(of("FREQ=YEARLY;BYDAY=-53TH"), ["2026-01-01T09:00:00", "2032-01-01T09:00:00"]);
    assert_eq!(of("freq=daily;bysecond=60"), ["2026-01-01T09:00:59", "2026-01-02T09:00:59"]);
    assert_eq!(of("FREQ=WEEKLY;BYDAY=MO,SU;BYSETPOS=-1"), ["2026-01-04T09:00:00", "2026-01-11T09:00:00"]);
}
