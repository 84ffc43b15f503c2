//! What holds for every rule, tried with random ones.

use jiff::{Timestamp, ToSpan};
use mesh_recurrence::{DstGap, DstOverlap, MonthEnd, Outcome, Policies, RuleSet, Series, Weekend};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::{nominal, tz};

/// Rules of every frequency, most of them legal.
fn rules() -> impl Strategy<Value = String> {
    let list = |name: &'static str, range: std::ops::RangeInclusive<i32>| {
        vec(range.prop_filter("not 0 where signed", move |n| *n != 0 || name == "HOUR" || name == "MINUTE"), 1..4)
            .prop_map(move |numbers| {
                let numbers: Vec<String> = numbers.iter().map(i32::to_string).collect();
                format!(";BY{name}={}", numbers.join(","))
            })
    };
    let sometimes = |part: BoxedStrategy<String>| prop_oneof![3 => Just(String::new()), 1 => part];
    let weekday = (select(vec!["", "", "1", "-1", "3"]), select(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"]));
    let weekdays = vec(weekday, 1..4).prop_map(|days| {
        let days: Vec<String> = days.iter().map(|(ordinal, day)| format!("{ordinal}{day}")).collect();
        format!(";BYDAY={}", days.join(","))
    });
    let end = prop_oneof![
        Just(String::new()),
        (1..40).prop_map(|count| format!(";COUNT={count}")),
        (1..28).prop_map(|day| format!(";UNTIL=202704{day:02}T120000Z")),
        (1..28).prop_map(|day| format!(";UNTIL=202703{day:02}")),
    ];
    (
        select(vec!["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"]),
        1..40_u32,
        sometimes(list("MONTH", 1..=12).boxed()),
        sometimes(list("MONTHDAY", -31..=31).boxed()),
        sometimes(weekdays.boxed()),
        sometimes(list("HOUR", 0..=23).boxed()),
        sometimes(list("MINUTE", 0..=59).boxed()),
        sometimes(list("SETPOS", -5..=5).boxed()),
        end,
    )
        .prop_map(|(frequency, interval, month, day, weekday, hour, minute, position, end)| {
            format!("FREQ={frequency};INTERVAL={interval}{month}{day}{weekday}{hour}{minute}{position}{end}")
        })
}

fn policies() -> impl Strategy<Value = Policies> {
    (
        select(vec![Weekend::Keep, Weekend::NextWeekday, Weekend::PreviousWeekday, Weekend::Drop]),
        select(vec![MonthEnd::Skip, MonthEnd::Clamp]),
        select(vec![DstGap::OffsetBefore, DstGap::OffsetAfter, DstGap::Drop]),
        select(vec![DstOverlap::First, DstOverlap::Second]),
    )
        .prop_map(|(weekend, month_end, dst_gap, dst_overlap)| Policies {
            weekend,
            month_end,
            dst_gap,
            dst_overlap,
        })
}

fn some_series() -> impl Strategy<Value = Series> {
    let zones = vec!["UTC", "Europe/Berlin", "Africa/Cairo", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia"];
    let starts = vec!["2027-03-20T00:00:00", "2027-03-26T02:30:00", "2026-10-24T02:15:00", "2011-12-20T10:00:00"];
    let days = vec!["2011-12-25", "2026-10-20", "2027-03-20"];
    let starts = [starts, days].concat();
    (rules(), select(starts), select(zones), policies()).prop_filter_map("refused", |(rule, start, zone, policies)| {
        Some(Series::new(RuleSet::parse(&rule, nominal(start)).ok()?, tz(zone), policies))
    })
}

fn until(series: &Series, limit: usize) -> Vec<mesh_recurrence::Occurrence> {
    series.between(Timestamp::MIN, Timestamp::MAX, limit).occurrences
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn occurrences_are_strictly_increasing_and_each_leads_to_the_next(series in some_series()) {
        let listed = until(&series, 25);
        for pair in listed.windows(2) {
            prop_assert!(pair[0].instant < pair[1].instant);
            prop_assert_eq!(series.next_after(pair[0].nominal), Outcome::Next(pair[1].clone()));
            prop_assert_eq!(series.next_after_instant(pair[0].instant), Outcome::Next(pair[1].clone()));
        }
        if let Some(first) = listed.first() {
            prop_assert_eq!(series.first(), Outcome::Next(first.clone()));
        }
    }

    #[test]
    fn nominal_starts_are_distinct(series in some_series()) {
        let mut nominals: Vec<_> = until(&series, 60).iter().map(|found| found.nominal).collect();
        nominals.sort_unstable();
        prop_assert!(nominals.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn between_is_filtered_iteration(series in some_series(), hours in 0..2000_i64, length in 0..2000_i64) {
        let listed = until(&series, 25);
        if listed.is_empty() {
            return Ok(());
        }
        let from = listed[0].instant.checked_add((hours - 50).hours()).unwrap();
        let to = from.checked_add(length.hours()).unwrap().min(listed[listed.len() - 1].instant);
        let expected: Vec<_> = listed.iter().filter(|found| found.instant >= from && found.instant < to).cloned().collect();
        prop_assert_eq!(series.between(from, to, 100).occurrences, expected);
    }

    #[test]
    fn the_text_is_kept_and_read_the_same_again(series in some_series()) {
        let rules = series.rules();
        let again = RuleSet::parse(rules.text(), rules.start()).unwrap();
        prop_assert_eq!(again.text(), rules.text());
        prop_assert_eq!(&again, rules);
        prop_assert!(again.describe().starts_with("every "));
    }

    #[test]
    fn any_text_is_read_or_refused_within_it(text in "(RRULE:|RDATE|EXDATE:|;|FREQ=|DAILY|BYDAY=|2MO|,|\n |[0-9TZ]{1,9}|\\PC){0,12}") {
        if let Err(error) = RuleSet::parse(&text, nominal("2026-01-01T09:00:00")) {
            prop_assert!(error.position <= text.len() && text.is_char_boundary(error.position));
        }
    }
}
