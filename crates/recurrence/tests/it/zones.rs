//! The night in which the clocks change.

use jiff::{Timestamp, civil::date};
use mesh_recurrence::{Adjustment, DstGap, DstOverlap, Outcome, Policies, tzdata_version, zone};

use crate::{first, iterate, nominal, nominals, series, series_with, walls};

#[test]
fn a_weekly_time_stays_the_same_on_the_wall() {
    let weekly = series("FREQ=WEEKLY", "2026-10-18T09:00:00", "Europe/Berlin");
    assert_eq!(walls(&weekly, 3), ["2026-10-18T09:00:00+02", "2026-10-25T09:00:00+01", "2026-11-01T09:00:00+01"]);
    let instants: Vec<String> = first(&weekly, 2).iter().map(|found| found.instant.to_string()).collect();
    assert_eq!(instants, ["2026-10-18T07:00:00Z", "2026-10-25T08:00:00Z"]);
}

#[test]
fn no_day_is_lost_where_midnight_is_missing() {
    let cairo = series("FREQ=DAILY", "2026-04-23T00:00:00", "Africa/Cairo");
    assert_eq!(walls(&cairo, 3), ["2026-04-23T00:00:00+02", "2026-04-24T01:00:00+03", "2026-04-25T00:00:00+03"]);
    assert_eq!(nominals(&cairo, 2)[1], "2026-04-24T00:00:00");
    assert_eq!(first(&cairo, 2)[1].adjustments, [Adjustment::DstGap]);
    let santiago = series("FREQ=DAILY", "2026-09-05T00:00:00", "America/Santiago");
    assert_eq!(walls(&santiago, 3), ["2026-09-05T00:00:00-04", "2026-09-06T01:00:00-03", "2026-09-07T00:00:00-03"]);
}

#[test]
fn a_time_that_comes_twice_is_its_first() {
    let havana = series("FREQ=DAILY", "2025-11-01T00:30:00", "America/Havana");
    assert_eq!(walls(&havana, 3), ["2025-11-01T00:30:00-04", "2025-11-02T00:30:00-04", "2025-11-03T00:30:00-05"]);
    let second = Policies { dst_overlap: DstOverlap::Second, ..Policies::default() };
    let berlin = series_with("FREQ=DAILY", "2026-10-24T02:30:00", "Europe/Berlin", second);
    assert_eq!(walls(&berlin, 3), ["2026-10-24T02:30:00+02", "2026-10-25T02:30:00+01", "2026-10-26T02:30:00+01"]);
    let between = "2026-10-25T00:45:00Z".parse().unwrap();
    let Outcome::Next(next) = berlin.next_after_instant(between) else { panic!() };
    assert_eq!(next.instant.to_string(), "2026-10-25T01:30:00Z");
}

#[test]
fn the_gap_policy_says_what_becomes_of_a_time_that_is_left_out() {
    let with = |dst_gap| {
        let policies = Policies { dst_gap, ..Policies::default() };
        walls(&series_with("FREQ=DAILY;COUNT=3", "2026-03-28T02:30:00", "Europe/Berlin", policies), 9)
    };
    let (before, after) = ("2026-03-28T02:30:00+01", "2026-03-30T02:30:00+02");
    assert_eq!(with(DstGap::OffsetBefore), [before, "2026-03-29T03:30:00+02", after]);
    assert_eq!(with(DstGap::OffsetAfter), [before, "2026-03-29T01:30:00+01", after]);
    assert_eq!(with(DstGap::Drop), [before, after]);
}

#[test]
fn times_that_the_gap_moves_onto_or_past_others_stay_in_order() {
    let twice = series("FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30", "2026-03-29T00:00:00", "Europe/Berlin");
    assert_eq!(nominals(&twice, 3), ["2026-03-29T03:00:00", "2026-03-29T03:30:00", "2026-03-30T02:00:00"]);
    assert!(first(&twice, 2).iter().all(|found| found.adjustments.is_empty()));
    let past = series("FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30;BYSETPOS=2,3", "2026-03-29T00:00:00", "Europe/Berlin");
    assert_eq!(nominals(&past, 3), ["2026-03-29T03:00:00", "2026-03-29T02:30:00", "2026-03-30T02:30:00"]);
    assert_eq!(iterate(&past, 50), first(&past, 50));
    let back = Policies { dst_gap: DstGap::OffsetAfter, ..Policies::default() };
    let back = series_with("FREQ=DAILY;BYHOUR=1,2;BYMINUTE=15,45", "2026-03-29T00:00:00", "Europe/Berlin", back);
    assert_eq!(nominals(&back, 3), ["2026-03-29T01:15:00", "2026-03-29T01:45:00", "2026-03-30T01:15:00"]);
    assert_eq!(iterate(&back, 50), first(&back, 50));
}

#[test]
fn a_whole_day_starts_with_its_first_instant() {
    let days = first(&series("FREQ=DAILY", "2026-04-23", "Africa/Cairo"), 2);
    assert_eq!(days[1].instant.to_string(), "2026-04-23T22:00:00Z");
    assert_eq!((days[1].local, days[1].adjustments.len()), (nominal("2026-04-24"), 0));
}

#[test]
fn a_day_that_a_zone_skips_does_not_come_twice() {
    for rules in [
        series("FREQ=DAILY", "2011-12-28T09:00:00", "Pacific/Apia"),
        series("FREQ=DAILY", "2011-12-28", "Pacific/Apia"),
    ] {
        let dates: Vec<String> = first(&rules, 4).iter().map(|found| found.local.date().to_string()).collect();
        assert_eq!(dates, ["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"]);
        assert_eq!(iterate(&rules, 20), first(&rules, 20));
    }
}

#[test]
fn every_zone_has_exactly_one_occurrence_a_day() {
    let names = jiff::tz::db().available().map(|name| name.to_string());
    let zones: Vec<_> = names.filter_map(|name| zone(&name)).filter(|(name, _)| name.contains('/')).collect();
    assert!(zones.len() > 300, "{}", zones.len());
    for (name, _) in &zones {
        for start in ["2026-11-20T09:00:00", "2026-11-20T00:00:00", "2026-11-20T00:30:00", "2026-11-20T02:30:00"] {
            let daily = series("FREQ=DAILY", start, name);
            let mut day = date(2026, 11, 20);
            let mut before = Timestamp::MIN;
            for found in first(&daily, 400) {
                assert_eq!(found.local.date(), day, "{name} {start}");
                assert_eq!(found.nominal == found.local, found.adjustments.is_empty(), "{name} {start}");
                assert!(found.instant > before, "{name} {start}");
                before = found.instant;
                day = day.tomorrow().unwrap();
            }
        }
    }
}

#[test]
fn names_that_are_no_zones_are_unknown() {
    assert_eq!(zone("europe/berlin").unwrap().0, "Europe/Berlin");
    assert_eq!(zone("UTC").unwrap().0, "UTC");
    assert!(tzdata_version() >= "2026");
    for name in [
        "",
        "Mars/Base",
        "../etc/passwd",
        "/etc/localtime",
        "Europe/../UTC",
        "Europe//Berlin",
        "localtime",
        "posix/UTC",
        "Europe/",
        "Etc/Unknown",
        "tzdata.zi",
        "zone.tab",
    ] {
        assert!(zone(name).is_none(), "{name}");
    }
}
