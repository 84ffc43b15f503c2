//! The `rrule` crate as a second opinion, on floating times (UTC), where it is right.
//!
//! It is kept away from what it gets wrong: zones, ordinals that it refuses, minutes with times of day, week numbers
//! without a weekday or around New Year, positions within weeks.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{nominals, series};

fn numbers(name: &'static str, range: std::ops::RangeInclusive<i32>) -> BoxedStrategy<String> {
    let signed = *range.start() < 0;
    let part = vec(range.prop_filter("0", move |n| *n != 0 || !signed), 1..4).prop_map(move |numbers| {
        let numbers: Vec<String> = numbers.iter().map(i32::to_string).collect();
        format!(";BY{name}={}", numbers.join(","))
    });
    prop_oneof![2 => Just(String::new()), 1 => part].boxed()
}

fn weekdays(ordinals: Vec<&'static str>) -> BoxedStrategy<String> {
    let days = vec(select(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), 1..4);
    let part = (select(ordinals), days).prop_map(|(ordinal, days)| {
        format!(";BYDAY={}", days.iter().map(|day| format!("{ordinal}{day}")).collect::<Vec<_>>().join(","))
    });
    prop_oneof![1 => Just(String::new()), 1 => part].boxed()
}

fn end() -> impl Strategy<Value = String> {
    (1..60).prop_map(|count| format!(";COUNT={count}"))
}

fn rules() -> impl Strategy<Value = String> {
    let (months, hours, minutes) = (numbers("MONTH", 1..=12), numbers("HOUR", 0..=23), numbers("MINUTE", 0..=59));
    let ordinals = vec!["", "", "1", "2", "-1", "-2"];
    let monthly = (
        select(vec!["FREQ=MONTHLY", "FREQ=YEARLY", "FREQ=MONTHLY;INTERVAL=5", "FREQ=YEARLY;INTERVAL=3"]),
        prop_oneof![numbers("MONTHDAY", -31..=31), weekdays(ordinals)],
    );
    let weekly = (select(vec!["FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2;WKST=SU"]), weekdays(vec![""]));
    let daily = (select(vec!["FREQ=DAILY", "FREQ=DAILY;INTERVAL=9", "FREQ=HOURLY;INTERVAL=5"]), weekdays(vec![""]));
    let week_numbers = (Just("FREQ=YEARLY;BYDAY=WE,SU"), numbers("WEEKNO", 2..=51));
    let days = prop_oneof![4 => monthly, 2 => weekly, 2 => daily, 1 => week_numbers];
    let position = prop_oneof![2 => Just(""), 1 => select(vec![";BYSETPOS=1", ";BYSETPOS=-1,2"])];
    (days, months, hours, minutes, position, end()).prop_map(|((head, days), months, hours, minutes, position, end)| {
        let may_pick = !(head.contains("WEEKLY") || days.is_empty() && hours.is_empty());
        let months = if head.contains("BYDAY=WE,SU") { String::new() } else { months };
        format!("{head}{days}{months}{hours}{minutes}{}{end}", if may_pick { position } else { "" })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn both_engines_agree(rule in rules(), month in 1..=12_u32, day in 1..=28_u32, hour in 0..24_u32) {
        let text = format!("DTSTART:2026{month:02}{day:02}T{hour:02}1500Z\nRRULE:{rule}");
        let Ok(theirs) = text.parse::<rrule::RRuleSet>() else { return Err(TestCaseError::reject(rule)) };
        let theirs = theirs.all(30);
        prop_assume!(!theirs.limited || theirs.dates.len() == 30);
        let theirs: Vec<String> = theirs.dates.iter().map(|date| date.format("%Y-%m-%dT%H:%M:%S").to_string()).collect();
        let start = format!("2026-{month:02}-{day:02}T{hour:02}:15:00");
        prop_assert_eq!(nominals(&series(&rule, &start, "UTC"), 30), theirs, "{}", rule);
    }
}
