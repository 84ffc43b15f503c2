//! Times to be reminded again, as people say them.

use jiff::civil;
use mesh_types::{Timestamp, wall_instant};

use super::{PersonDay, to_jiff};

/// When evening begins.
const EVENING: civil::Time = civil::time(18, 0, 0, 0);

/// A time as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnoozePreset {
    /// When the next day begins.
    TomorrowMorning,
    /// When the day begins on the next Monday.
    NextWeek,
    /// At 18:00, today or tomorrow.
    ThisEvening,
}

impl SnoozePreset {
    /// The preset with this number of the contract's.
    pub fn coded(code: i32) -> Option<Self> {
        match code {
            10 => Some(Self::TomorrowMorning),
            20 => Some(Self::NextWeek),
            30 => Some(Self::ThisEvening),
            _ => None,
        }
    }

    /// The instant that somebody who lives by `day` means when they say it `now`. A wall time in a gap of their zone takes
    /// the offset before the gap.
    pub fn instant(self, day: &PersonDay, now: Timestamp) -> Timestamp {
        let zone = day.rules(None);
        let today = zone.to_datetime(to_jiff(now)).date();
        let at = |days: i8, time| wall_instant(in_days(today, days).to_datetime(time), &zone);
        match self {
            Self::TomorrowMorning => at(1, day.begins()),
            Self::NextWeek => at(7 - today.weekday().to_monday_zero_offset(), day.begins()),
            Self::ThisEvening => Some(at(0, EVENING)).filter(|today| *today > now).unwrap_or_else(|| at(1, EVENING)),
        }
    }
}

/// At the end of the calendar, its last day.
fn in_days(date: civil::Date, days: i8) -> civil::Date {
    date.saturating_add(jiff::Span::new().days(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(preset: SnoozePreset, now: &str, zone: &str, start: &str) -> String {
        let day = PersonDay { zone: Some(zone.to_owned()), start: Some(start.to_owned()) };
        let now: jiff::Timestamp = now.parse().expect("an instant");
        let instant = preset.instant(&day, Timestamp::from_micros(now.as_microsecond()));
        jiff::Timestamp::from_microsecond(instant.as_micros()).expect("in range").to_string()
    }

    #[test]
    fn tomorrow_morning_is_when_the_persons_next_day_begins() {
        let morning = |now, zone| said(SnoozePreset::TomorrowMorning, now, zone, "07:30");
        assert_eq!(morning("2026-03-01T12:00:00Z", "Europe/Berlin"), "2026-03-02T06:30:00Z");
        // It is the 2nd already in Tokyo.
        assert_eq!(morning("2026-03-01T15:30:00Z", "Asia/Tokyo"), "2026-03-02T22:30:00Z");
        // The clocks change in the night.
        assert_eq!(morning("2026-03-28T12:00:00Z", "Europe/Berlin"), "2026-03-29T05:30:00Z");
    }

    #[test]
    fn a_morning_that_the_clocks_leave_out_takes_the_offset_before_the_gap() {
        // Cairo springs forward at midnight.
        let said = said(SnoozePreset::TomorrowMorning, "2026-04-23T12:00:00Z", "Africa/Cairo", "00:30");
        assert_eq!(said, "2026-04-23T22:30:00Z");
    }

    #[test]
    fn next_week_is_the_next_monday_even_on_a_monday() {
        let next_week = |now| said(SnoozePreset::NextWeek, now, "UTC", "09:00");
        assert_eq!(next_week("2026-03-01T23:00:00Z"), "2026-03-02T09:00:00Z", "on a Sunday");
        assert_eq!(next_week("2026-03-02T08:00:00Z"), "2026-03-09T09:00:00Z", "on a Monday");
        assert_eq!(next_week("2026-03-04T08:00:00Z"), "2026-03-09T09:00:00Z", "on a Wednesday");
    }

    #[test]
    fn this_evening_is_tomorrows_once_it_has_begun() {
        let evening = |now| said(SnoozePreset::ThisEvening, now, "Europe/Berlin", "09:00");
        assert_eq!(evening("2026-03-01T16:59:59Z"), "2026-03-01T17:00:00Z");
        assert_eq!(evening("2026-03-01T17:00:00Z"), "2026-03-02T17:00:00Z");
    }

    #[test]
    fn a_day_begins_at_nine_in_utc_for_somebody_who_has_not_said_otherwise() {
        let now = Timestamp::from_micros(0);
        let instant = SnoozePreset::TomorrowMorning.instant(&PersonDay::default(), now);
        assert_eq!(instant, Timestamp::from_micros(33 * 3_600 * 1_000_000));
    }
}
