//! What a fuzzer calls of this crate: rules as strangers may write them. Panics where a promise is broken. `fuzz/` goes on
//! for as long as one likes; the tests below, for a moment.
#![expect(clippy::expect_used, reason = "a broken promise is to be seen")]

use jiff::Timestamp;

use crate::{DstGap, DstOverlap, MonthEnd, Occurrence, Outcome, Policies, RuleSet, Series, Weekend, zone};

/// How many occurrences are looked at.
const SOME: usize = 20;

const STARTS: [&str; 10] = [
    "2026-11-20T09:00:00",
    "2026-11-20",
    "2027-03-28T02:30:00",
    "2026-10-25T02:30:00",
    "2028-02-29T23:59:59",
    "2011-12-30",
    "1900-01-01T00:00:00",
    "0001-01-01T00:00:00",
    "9999-12-30T12:00:00",
    "9999-12-31",
];

const ZONES: [&str; 10] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Antarctica/Troll",
];

/// What rules are made of, so that odd bytes come together as some.
const WORDS: [&str; 64] = [
    "RRULE:",
    "RDATE:",
    "EXDATE:",
    "RDATE",
    "EXDATE",
    ";VALUE=DATE:",
    ";VALUE=DATE-TIME:",
    ";TZID=Asia/Tokyo:",
    "\n",
    "\r\n ",
    "FREQ=",
    "YEARLY",
    "MONTHLY",
    "WEEKLY",
    "DAILY",
    "HOURLY",
    "MINUTELY",
    "SECONDLY",
    ";INTERVAL=",
    ";COUNT=",
    ";UNTIL=",
    ";WKST=",
    ";BYMONTH=",
    ";BYMONTHDAY=",
    ";BYYEARDAY=",
    ";BYWEEKNO=",
    ";BYDAY=",
    ";BYHOUR=",
    ";BYMINUTE=",
    ";BYSECOND=",
    ";BYSETPOS=",
    "MO",
    "TU",
    "WE",
    "TH",
    "FR",
    "SA",
    "SU",
    ",",
    "-",
    "-1",
    "1",
    "2",
    "5",
    "7",
    "12",
    "13",
    "23",
    "29",
    "30",
    "31",
    "53",
    "59",
    "60",
    "100",
    "366",
    "4294967295",
    "20261120",
    "20270328T023000",
    "20261120T090000Z",
    "99991231T235959Z",
    "RRULE:FREQ=DAILY",
    "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23",
    "-366,-31,-7,-2,-1,1,2,3,7,30,31,366",
];

/// Any text is rules or is refused with a place in it; and rules keep their text, are told in words, and give the same
/// occurrences, each after the one before, however they are asked for.
///
/// The first four bytes say where the rules start, in which zone, under which policies and what day it is; of the rest, a
/// byte above 127 stands for a word of the grammar.
///
/// # Panics
/// When it is not so.
pub fn rules(data: &[u8]) {
    let Some((&[start, place, policy, day], text)) = data.split_first_chunk::<4>() else { return };
    let (start, text) = (pick(&STARTS, start).parse().expect("a start"), spelt(text));
    let rules = match RuleSet::parse(&text, start) {
        Ok(rules) => rules,
        Err(error) => {
            assert!(error.position <= text.len() && text.is_char_boundary(error.position), "{error:?} of {text:?}");
            return;
        }
    };
    assert_eq!(rules.text(), text, "the text is kept");
    assert_eq!(RuleSet::parse(rules.text(), start).as_ref(), Ok(&rules), "{text:?}");
    assert!(!rules.describe().is_empty(), "{text:?}");
    let (_, zone) = zone(pick(&ZONES, place)).expect("a zone");
    let series = Series::new(rules, zone, policies(policy));
    for warning in series.warnings(Timestamp::from_second(i64::from(day) * 400 * 86_400).expect("a day")) {
        assert!(!warning.to_string().is_empty());
    }
    look(&series);
}

fn pick<'a>(of: &[&'a str], byte: u8) -> &'a str {
    of[usize::from(byte) % of.len()]
}

fn spelt(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            128.. => text.push_str(pick(&WORDS, byte)),
            letter => text.push(char::from(letter)),
        }
    }
    text
}

fn policies(byte: u8) -> Policies {
    let weekends = [Weekend::Keep, Weekend::NextWeekday, Weekend::PreviousWeekday, Weekend::Drop];
    let gaps = [DstGap::OffsetBefore, DstGap::OffsetAfter, DstGap::Drop, DstGap::OffsetBefore];
    Policies {
        weekend: weekends[usize::from(byte & 3)],
        dst_gap: gaps[usize::from(byte >> 2 & 3)],
        month_end: if byte & 16 == 0 { MonthEnd::Skip } else { MonthEnd::Clamp },
        dst_overlap: if byte & 32 == 0 { DstOverlap::First } else { DstOverlap::Second },
    }
}

/// Asks one series the same in every way there is.
fn look(series: &Series) {
    let text = series.rules().text();
    let listed = series.between(Timestamp::MIN, Timestamp::MAX, SOME);
    let found = listed.occurrences;
    assert!(found.windows(2).all(|pair| pair[0].instant < pair[1].instant), "{text:?} goes back: {found:?}");
    // What gave up says that it did; what is told before that holds.
    let mut outcome = series.first();
    for expected in &found {
        let Outcome::Next(next) = outcome else {
            assert_eq!(outcome, Outcome::GaveUp, "{text:?} instead of {expected:?}");
            return;
        };
        assert_eq!(&next, expected, "{text:?}");
        outcome = series.next_after(next.nominal);
        assert_eq!(series.next_after_instant(next.instant), outcome, "{text:?} after {next:?}");
    }
    if listed.complete {
        assert!(matches!(outcome, Outcome::Ended | Outcome::GaveUp), "{text:?}: {outcome:?} after the last");
    }
    if let [_, second, .., last] = &found[..] {
        within(series, second, last, found.len() - 2);
    }
}

/// From one occurrence to before another there are so many.
fn within(series: &Series, from: &Occurrence, to: &Occurrence, count: usize) {
    let listed = series.between(from.instant, to.instant, SOME);
    let (text, found) = (series.rules().text(), listed.occurrences.len());
    assert!(found == count || found < count && !listed.complete, "{text:?}: {found} from {from:?} to {to:?}");
}

/// A text as the fuzzer would have it, after four bytes of circumstances.
#[cfg(test)]
fn input(circumstances: [u8; 4], text: &str) -> Vec<u8> {
    [&circumstances[..], text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// Bytes that are words more often than not, after a beginning that may make rules of them.
    fn texts() -> impl Strategy<Value = Vec<u8>> {
        let beginnings =
            proptest::sample::select(vec!["FREQ=", "RRULE:FREQ=DAILY", "FREQ=MONTHLY", "FREQ=MINUTELY", ""]);
        let byte = prop_oneof![4 => 128..=255_u8, 1 => any::<u8>()];
        (beginnings, vec(byte, 0..12)).prop_map(|(beginning, rest)| [beginning.as_bytes(), &rest].concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn odd_rules_are_refused_or_agree_with_themselves(circumstances in any::<[u8; 4]>(), text in texts()) {
            rules(&[&circumstances[..], &text].concat());
        }

        #[test]
        fn so_do_odd_bytes(data in vec(any::<u8>(), 0..60)) {
            rules(&data);
        }
    }

    #[test]
    fn a_rule_survives_every_place_and_policy() {
        for zone in 0..10 {
            for policy in 0..64 {
                rules(&input([2, zone, policy, 50], "FREQ=MONTHLY;BYDAY=SA,SU,-1MO;BYHOUR=2;BYMINUTE=30"));
            }
        }
    }
}
