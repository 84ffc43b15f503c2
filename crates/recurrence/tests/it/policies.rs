//! Weekends and the ends of months.

use mesh_recurrence::{Adjustment, MonthEnd, Outcome, Policies, Weekend};

use crate::{first, iterate, nominal, nominals, series_with, walls};

const KEEP: Policies = Policies {
    weekend: Weekend::Keep,
    month_end: MonthEnd::Skip,
    dst_gap: mesh_recurrence::DstGap::OffsetBefore,
    dst_overlap: mesh_recurrence::DstOverlap::First,
};

fn weekend(policy: Weekend, rules: &str, start: &str) -> mesh_recurrence::Series {
    series_with(rules, start, "UTC", Policies { weekend: policy, ..KEEP })
}

/// The days of the month.
fn days(series: &mesh_recurrence::Series, count: usize) -> Vec<i8> {
    first(series, count).iter().map(|found| found.local.date().day()).collect()
}

#[test]
fn the_15th_moves_away_from_the_weekend() {
    // In 2026, 15 August is a Saturday and 15 November a Sunday.
    let of = |policy| days(&weekend(policy, "FREQ=MONTHLY;BYMONTHDAY=15", "2026-08-15T09:00:00"), 4);
    assert_eq!(of(Weekend::Keep), [15, 15, 15, 15]);
    assert_eq!(of(Weekend::NextWeekday), [17, 15, 15, 16]);
    assert_eq!(of(Weekend::PreviousWeekday), [14, 15, 15, 13]);
    assert_eq!(of(Weekend::Drop), [15, 15, 15, 15]);
    let dropped = weekend(Weekend::Drop, "FREQ=MONTHLY;BYMONTHDAY=15;COUNT=4", "2026-08-15T09:00:00");
    assert_eq!(nominals(&dropped, 9), ["2026-09-15T09:00:00", "2026-10-15T09:00:00"]);
    let moved = &first(&weekend(Weekend::NextWeekday, "FREQ=MONTHLY", "2026-08-15"), 1)[0];
    assert_eq!((moved.nominal, moved.local), (nominal("2026-08-15"), nominal("2026-08-17")));
    assert_eq!(moved.adjustments, [Adjustment::Weekend]);
}

#[test]
fn a_daily_task_comes_once_on_every_weekday() {
    // 20 November 2026 is a Friday.
    for policy in [Weekend::NextWeekday, Weekend::PreviousWeekday, Weekend::Drop] {
        for start in ["2026-11-20T09:00:00", "2026-11-20"] {
            let daily = weekend(policy, "FREQ=DAILY", start);
            assert_eq!(days(&daily, 7), [20, 23, 24, 25, 26, 27, 30], "{policy:?}");
            assert!(first(&daily, 7).iter().all(|found| found.adjustments.is_empty()), "{policy:?}");
            assert_eq!(iterate(&daily, 40), first(&daily, 40));
        }
    }
}

#[test]
fn the_next_one_is_found_from_a_moved_one_and_from_one_that_moved_away() {
    let daily = weekend(Weekend::NextWeekday, "FREQ=DAILY", "2026-11-20T09:00:00");
    let next = |after: &str| match daily.next_after(nominal(after)) {
        Outcome::Next(next) => next.local.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(next("2026-11-21T09:00:00"), "2026-11-24T09:00:00");
    assert_eq!(next("2026-11-21T10:00:00"), "2026-11-23T09:00:00");
    assert_eq!(next("2026-11-20T09:00:00"), "2026-11-23T09:00:00");
}

#[test]
fn an_occurrence_is_found_by_its_name_wherever_it_was_moved() {
    let at = |series: &mesh_recurrence::Series, day: &str| match series.at(nominal(&format!("2026-11-{day}T09:00:00")))
    {
        Outcome::Next(found) => Some(found.local.date().day()),
        Outcome::Ended => None,
        Outcome::GaveUp => panic!("{day}"),
    };
    let of = |policy| {
        // Every third day: 20 November 2026 is a Friday, the 29th a Sunday.
        let series = weekend(policy, "FREQ=DAILY;INTERVAL=3", "2026-11-20T09:00:00");
        ["20", "21", "23", "29"].map(|day| at(&series, day))
    };
    assert_eq!(of(Weekend::Keep), [Some(20), None, Some(23), Some(29)]);
    assert_eq!(of(Weekend::NextWeekday), [Some(20), None, Some(23), Some(30)]);
    assert_eq!(of(Weekend::PreviousWeekday), [Some(20), None, Some(23), Some(27)]);
    assert_eq!(of(Weekend::Drop), [Some(20), None, Some(23), None]);
    let daily = weekend(Weekend::NextWeekday, "FREQ=DAILY", "2026-11-20T09:00:00");
    assert_eq!(at(&daily, "21"), Some(23), "where another one stays");
}

#[test]
fn until_looks_at_where_the_rule_put_it_not_at_where_the_weekend_moved_it() {
    let series = weekend(Weekend::NextWeekday, "FREQ=WEEKLY;UNTIL=20261121T090000Z", "2026-11-14T09:00:00");
    assert_eq!(walls(&series, 9), ["2026-11-16T09:00:00+00", "2026-11-23T09:00:00+00"]);
}

#[test]
fn moved_times_stay_in_order() {
    for policy in [Weekend::NextWeekday, Weekend::PreviousWeekday] {
        for rule in ["FREQ=HOURLY;INTERVAL=25", "FREQ=HOURLY;INTERVAL=25;BYMINUTE=0,30", "FREQ=DAILY;BYHOUR=9,15"] {
            let series = weekend(policy, rule, "2026-11-20T00:00:00");
            let found = first(&series, 60);
            assert!(found.windows(2).all(|pair| pair[0].instant < pair[1].instant), "{rule}");
            assert!(found.iter().all(|found| found.local.date().weekday().to_monday_zero_offset() < 5));
            assert_eq!(iterate(&series, 60), found, "{rule}");
        }
    }
}

#[test]
fn missing_days_are_skipped_or_the_last_of_the_month() {
    let clamp = Policies { month_end: MonthEnd::Clamp, ..KEEP };
    let of = |rule: &str, start: &str, policies| days(&series_with(rule, start, "Europe/Berlin", policies), 4);
    assert_eq!(of("FREQ=MONTHLY", "2026-01-31T09:00:00", KEEP), [31, 31, 31, 31]);
    assert_eq!(of("FREQ=MONTHLY", "2026-01-31T09:00:00", clamp), [31, 28, 31, 30]);
    assert_eq!(of("FREQ=MONTHLY;BYMONTHDAY=29", "2026-01-01", clamp), [29, 28, 29, 29]);
    assert_eq!(of("FREQ=MONTHLY;BYMONTHDAY=30,31", "2026-01-01", clamp), [30, 31, 28, 30]);
    assert_eq!(of("FREQ=YEARLY", "2024-02-29T09:00:00", KEEP), [29, 29, 29, 29]);
    assert_eq!(of("FREQ=YEARLY", "2024-02-29T09:00:00", clamp), [29, 28, 28, 28]);
    let clamped = series_with("FREQ=MONTHLY", "2026-01-31", "UTC", clamp);
    let adjustments: Vec<usize> = first(&clamped, 4).iter().map(|found| found.adjustments.len()).collect();
    assert_eq!(adjustments, [0, 1, 0, 1]);
    assert_eq!(first(&clamped, 2)[1].adjustments, [Adjustment::MonthEnd]);
    assert_eq!(iterate(&clamped, 30), first(&clamped, 30));
}
