//! A point in time as a person meant it for a task, and the instants that this means.

use jiff::{civil, tz::TimeZone};
use mesh_types::{Timestamp, wall_instant, zone};

use super::PersonDay;

/// When a task is due, or begins. Zones are IANA names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannedTime {
    /// A fixed instant; the zone is how it was shown.
    Instant(Timestamp, Option<String>),
    /// A wall time in a zone.
    LocalTime(civil::DateTime, String),
    /// A whole day.
    Date(civil::Date, Option<String>),
}

impl PlannedTime {
    /// The instant from which reminders count for somebody who lives by `day`: a whole day counts from when the person's day
    /// begins, in the person's zone, else in its own, else in UTC. A wall time in a gap takes the offset before the gap.
    pub fn reminder_instant(&self, day: &PersonDay) -> Timestamp {
        match self {
            Self::Date(date, zone) => wall_instant(date.to_datetime(day.begins()), &day.rules(zone.as_deref())),
            other => other.first_instant(None),
        }
    }

    /// The instant it begins. A whole day begins with its first instant in its zone, else in `fallback`, else in UTC. A wall time in a gap of its zone takes the offset before the gap, one that comes twice is the first.
    pub fn first_instant(&self, fallback: Option<&str>) -> Timestamp {
        match self {
            Self::Instant(instant, _) => *instant,
            Self::LocalTime(wall, zone) => wall_instant(*wall, &rules(zone)),
            Self::Date(date, zone) => {
                let zone = zone.as_deref().or(fallback).map_or(TimeZone::UTC, rules);
                // A midnight that is left out is, by the offset before it, the day's first instant.
                wall_instant(date.at(0, 0, 0, 0), &zone)
            }
        }
    }

    /// The zone it was meant in.
    pub fn zone(&self) -> Option<&str> {
        match self {
            Self::LocalTime(_, zone) => Some(zone),
            Self::Instant(_, zone) | Self::Date(_, zone) => zone.as_deref(),
        }
    }

    /// The wall time that `text` names, if it names one.
    pub fn local_time(text: &str, zone: String) -> Option<Self> {
        text.parse().ok().map(|wall| Self::LocalTime(wall, zone))
    }

    /// The day that `text` names, if it names one.
    pub fn date(text: &str, zone: Option<String>) -> Option<Self> {
        text.parse().ok().map(|date| Self::Date(date, zone))
    }
}

/// A zone that has left the database since is read as UTC, rather than losing the reminder.
fn rules(name: &str) -> TimeZone {
    zone(name).map_or(TimeZone::UTC, |(_, rules)| rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(time: &PlannedTime, fallback: Option<&str>) -> String {
        let instant = time.first_instant(fallback).as_micros();
        jiff::Timestamp::from_microsecond(instant).expect("in range").to_string()
    }

    #[test]
    fn a_day_counts_from_its_first_instant_in_its_zone_else_in_the_persons() {
        let floating = PlannedTime::date("2026-11-20", None).expect("a day");
        assert_eq!(shown(&floating, None), "2026-11-20T00:00:00Z");
        assert_eq!(shown(&floating, Some("Europe/Berlin")), "2026-11-19T23:00:00Z");
        let fixed = PlannedTime::date("2026-11-20", Some("Asia/Tokyo".to_owned())).expect("a day");
        assert_eq!(shown(&fixed, Some("Europe/Berlin")), "2026-11-19T15:00:00Z");
    }

    #[test]
    fn a_day_without_midnight_counts_from_its_first_instant() {
        // Cairo springs forward at midnight.
        let day = PlannedTime::date("2026-04-24", Some("Africa/Cairo".to_owned())).expect("a day");
        assert_eq!(shown(&day, None), "2026-04-23T22:00:00Z");
    }

    fn counted(time: &PlannedTime, zone: Option<&str>, start: Option<&str>) -> String {
        let day = PersonDay { zone: zone.map(str::to_owned), start: start.map(str::to_owned) };
        let instant = time.reminder_instant(&day).as_micros();
        jiff::Timestamp::from_microsecond(instant).expect("in range").to_string()
    }

    #[test]
    fn reminders_of_a_day_count_from_when_the_persons_day_begins_in_their_zone_else_in_its_own() {
        let floating = PlannedTime::date("2026-11-20", None).expect("a day");
        assert_eq!(counted(&floating, None, None), "2026-11-20T09:00:00Z");
        assert_eq!(counted(&floating, Some("Europe/Berlin"), Some("07:30")), "2026-11-20T06:30:00Z");
        let fixed = PlannedTime::date("2026-11-20", Some("Asia/Tokyo".to_owned())).expect("a day");
        assert_eq!(counted(&fixed, Some("Europe/Berlin"), None), "2026-11-20T08:00:00Z");
        assert_eq!(counted(&fixed, None, None), "2026-11-20T00:00:00Z");
    }

    #[test]
    fn a_day_that_begins_in_a_gap_takes_the_offset_before_it() {
        // Cairo springs forward at midnight.
        let day = PlannedTime::date("2026-04-24", None).expect("a day");
        assert_eq!(counted(&day, Some("Africa/Cairo"), Some("00:30")), "2026-04-23T22:30:00Z");
        assert_eq!(counted(&day, Some("Africa/Cairo"), Some("01:00")), "2026-04-23T22:00:00Z");
    }

    #[test]
    fn reminders_of_wall_times_and_instants_count_from_these() {
        let wall = PlannedTime::local_time("2026-11-20T12:00:00", "Europe/Berlin".to_owned()).expect("a wall time");
        assert_eq!(counted(&wall, Some("Asia/Tokyo"), Some("07:30")), "2026-11-20T11:00:00Z");
        let instant = PlannedTime::Instant(Timestamp::from_micros(0), Some("Europe/Berlin".to_owned()));
        assert_eq!(counted(&instant, Some("Asia/Tokyo"), Some("07:30")), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_wall_time_follows_its_zone() {
        let before = PlannedTime::local_time("2026-10-24T09:00:00", "Europe/Berlin".to_owned()).expect("a wall time");
        let after = PlannedTime::local_time("2026-10-26T09:00:00", "Europe/Berlin".to_owned()).expect("a wall time");
        assert_eq!(shown(&before, None), "2026-10-24T07:00:00Z");
        assert_eq!(shown(&after, None), "2026-10-26T08:00:00Z");
    }
}
