//! Rules that step in elapsed time.

use jiff::ToSpan;
use mesh_recurrence::Outcome;

use crate::{first, iterate, nominals, series, walls};

#[test]
fn four_hours_are_four_hours_when_the_clocks_change() {
    let forward = series("FREQ=HOURLY;INTERVAL=4", "2026-03-28T20:00:00", "Europe/Berlin");
    assert_eq!(walls(&forward, 3), ["2026-03-28T20:00:00+01", "2026-03-29T00:00:00+01", "2026-03-29T05:00:00+02"]);
    let back = series("FREQ=HOURLY", "2026-10-25T01:00:00", "Europe/Berlin");
    assert_eq!(walls(&back, 3), ["2026-10-25T01:00:00+02", "2026-10-25T02:00:00+02", "2026-10-25T02:00:00+01"]);
    let found = first(&back, 200);
    assert!(found.windows(2).all(|pair| pair[1].instant == pair[0].instant.checked_add(1.hour()).unwrap()));
    assert_eq!(iterate(&back, 200), found);
}

#[test]
fn nominal_starts_keep_the_offset_of_the_start_and_never_repeat() {
    let back = series("FREQ=HOURLY", "2026-10-25T01:00:00", "Europe/Berlin");
    assert_eq!(nominals(&back, 4)[1..], ["2026-10-25T02:00:00", "2026-10-25T03:00:00", "2026-10-25T04:00:00"]);
}

#[test]
fn days_are_those_of_the_zone() {
    let hourly = series("FREQ=HOURLY;BYDAY=SU", "2026-10-20T00:00:00", "Europe/Berlin");
    let found = walls(&hourly, 26);
    assert_eq!((found[0].as_str(), found[24].as_str()), ("2026-10-25T00:00:00+02", "2026-10-25T23:00:00+01"));
    assert_eq!(found[25], "2026-11-01T00:00:00+01");
    assert_eq!(iterate(&hourly, 60), first(&hourly, 60));
    let counted = series("FREQ=HOURLY;BYDAY=SU;COUNT=27", "2026-10-20T00:00:00", "Europe/Berlin");
    assert_eq!(walls(&counted, 99).len(), 27);
    assert_eq!(walls(&counted, 99)[..26], found);
    assert_eq!(counted.next_after(first(&counted, 27)[26].nominal), Outcome::Ended);
}

#[test]
fn dates_are_added_and_left_out_by_the_wall() {
    let rules = "FREQ=HOURLY;INTERVAL=12;COUNT=4\nRDATE:20260329T100000\nEXDATE:20260330T090000";
    let found = walls(&series(rules, "2026-03-28T20:00:00", "Europe/Berlin"), 9);
    let expected =
        ["2026-03-28T20:00:00+01", "2026-03-29T09:00:00+02", "2026-03-29T10:00:00+02", "2026-03-29T21:00:00+02"];
    assert_eq!(found, expected);
    let without_the_day = "FREQ=HOURLY;INTERVAL=12;COUNT=4\nEXDATE;VALUE=DATE:20260329";
    let found = walls(&series(without_the_day, "2026-03-28T20:00:00", "Europe/Berlin"), 9);
    assert_eq!(found, ["2026-03-28T20:00:00+01", "2026-03-30T09:00:00+02"]);
}

#[test]
fn with_times_of_day_the_wall_counts() {
    let hourly = series("FREQ=HOURLY;BYHOUR=1,2,3", "2026-03-29T00:00:00", "Europe/Berlin");
    assert_eq!(walls(&hourly, 3), ["2026-03-29T01:00:00+01", "2026-03-29T03:00:00+02", "2026-03-30T01:00:00+02"]);
}

#[test]
fn a_minute_rule_that_is_ten_years_old_is_answered_at_once() {
    let minutely = series("FREQ=MINUTELY;INTERVAL=7", "2016-01-01T00:00:00", "America/New_York");
    let Outcome::Next(next) = minutely.next_after_instant("2026-11-20T12:00:00Z".parse().unwrap()) else { panic!() };
    assert!(next.instant.to_string().starts_with("2026-11-20T12:0"));
}
