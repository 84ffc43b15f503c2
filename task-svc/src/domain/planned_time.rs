//! A point in time as a person means it: a fixed instant, a wall time in a zone, or a whole day.

use jiff::{civil, tz::TimeZone};
use mesh_types::{Timestamp, wall_instant, zone};

/// When a task is due, or begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannedTime {
    /// A fixed instant; the zone is how it was shown.
    Instant(Timestamp, Option<Zone>),
    /// A wall time in a zone.
    LocalTime(civil::DateTime, Zone),
    /// A whole day; over at its end in the zone, else in the viewer's.
    Date(civil::Date, Option<Zone>),
}

/// The name of an IANA time zone that is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(String);

/// Why something is no point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlannedTimeError {
    /// Not a day of the calendar.
    #[error("must be a day of the calendar, YYYY-MM-DD")]
    NotADate,
    /// Not a wall time.
    #[error("must be a wall time, YYYY-MM-DDTHH:MM:SS")]
    NotALocalTime,
    /// Not an instant that can be stored.
    #[error("must be an instant between the years 1 and 9999")]
    NotAnInstant,
    /// Not a zone that is known here.
    #[error("must be an IANA time zone such as Europe/Berlin")]
    ZoneUnknown,
    /// A wall time without a zone means nothing.
    #[error("is needed with a local_time")]
    ZoneMissing,
}

impl PlannedTimeError {
    /// The rule that is broken, as violations name it.
    pub fn rule(self) -> &'static str {
        match self {
            Self::NotADate => "string.date",
            Self::NotALocalTime => "string.local_time",
            Self::NotAnInstant => "timestamp.range",
            Self::ZoneUnknown => "string.time_zone",
            Self::ZoneMissing => "required",
        }
    }
}

impl Zone {
    /// The zone called `name`, spelt as the database spells it.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn new(name: &str) -> Result<Self, PlannedTimeError> {
        zone(name).map(|(canonical, _)| Self(canonical)).ok_or(PlannedTimeError::ZoneUnknown)
    }

    /// A zone that was accepted before and kept since.
    pub fn kept(name: String) -> Self {
        Self(name)
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A zone that has left the database since is read as UTC, rather than losing the task.
    fn rules(&self) -> TimeZone {
        zone(&self.0).map_or(TimeZone::UTC, |(_, rules)| rules)
    }
}

impl PlannedTime {
    /// The instant it sorts by. A day sorts at its end, in its zone or else in UTC. A wall time in a gap of its zone
    /// takes the offset before the gap, one that comes twice is the first.
    pub fn sort_key(&self) -> Timestamp {
        match self {
            Self::Instant(instant, _) => *instant,
            Self::LocalTime(wall, zone) => wall_instant(*wall, &zone.rules()),
            Self::Date(date, zone) => {
                let rules = zone.as_ref().map_or(TimeZone::UTC, Zone::rules);
                let last_second = wall_instant(date.at(23, 59, 59, 0), &rules);
                Timestamp::from_micros(last_second.as_micros() + 999_999)
            }
        }
    }

    /// The zone it was meant in.
    pub fn zone(&self) -> Option<&Zone> {
        match self {
            Self::LocalTime(_, zone) => Some(zone),
            Self::Instant(_, zone) | Self::Date(_, zone) => zone.as_ref(),
        }
    }
}

/// Reads exactly `YYYY-MM-DD`, from the year 1 on.
pub(super) fn parse_date(text: &str) -> Option<civil::Date> {
    let date: civil::Date = text.parse().ok()?;
    (date.year() >= 1 && date.to_string() == text).then_some(date)
}

/// Reads exactly `YYYY-MM-DDTHH:MM:SS`, from the year 1 on.
pub(super) fn parse_local_time(text: &str) -> Option<civil::DateTime> {
    let wall: civil::DateTime = text.parse().ok()?;
    (wall.year() >= 1 && text.len() == 19 && wall.to_string() == text).then_some(wall)
}

impl PlannedTime {
    /// The day that `text` names.
    ///
    /// # Errors
    /// When it is not a day of the calendar.
    pub fn date(text: &str, zone: Option<Zone>) -> Result<Self, PlannedTimeError> {
        parse_date(text).map(|date| Self::Date(date, zone)).ok_or(PlannedTimeError::NotADate)
    }

    /// The wall time that `text` names.
    ///
    /// # Errors
    /// When it is not a wall time.
    pub fn local_time(text: &str, zone: Zone) -> Result<Self, PlannedTimeError> {
        parse_local_time(text).map(|wall| Self::LocalTime(wall, zone)).ok_or(PlannedTimeError::NotALocalTime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str, zone: &str) -> String {
        let zone = Zone::new(zone).expect("a known zone");
        show(PlannedTime::local_time(text, zone).expect("a wall time"))
    }

    fn show(time: PlannedTime) -> String {
        jiff::Timestamp::from_microsecond(time.sort_key().as_micros()).expect("in range").to_string()
    }

    #[test]
    fn a_wall_time_in_a_gap_takes_the_offset_before_it() {
        assert_eq!(local("2026-03-29T02:30:00", "Europe/Berlin"), "2026-03-29T01:30:00Z");
    }

    #[test]
    fn a_wall_time_that_comes_twice_is_the_first() {
        assert_eq!(local("2026-10-25T02:30:00", "Europe/Berlin"), "2026-10-25T00:30:00Z");
        assert_eq!(local("1969-12-31T23:59:59", "UTC"), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn a_day_sorts_at_its_end_in_its_zone_or_else_in_utc() {
        let kiritimati = Zone::new("pacific/kiritimati").expect("a known zone, spelt loosely");
        assert_eq!(kiritimati.as_str(), "Pacific/Kiritimati");
        let in_zone = PlannedTime::date("2026-02-28", Some(kiritimati)).expect("a day");
        assert_eq!(show(in_zone), "2026-02-28T09:59:59.999999Z");
        assert_eq!(show(PlannedTime::date("2026-12-31", None).expect("a day")), "2026-12-31T23:59:59.999999Z");
    }

    #[test]
    fn the_last_day_of_the_calendar_can_be_kept() {
        let day = PlannedTime::date("9999-12-31", Some(Zone::new("Etc/GMT+12").expect("a zone"))).expect("a day");
        assert!(day.sort_key().as_micros() > 0);
    }

    #[test]
    fn only_the_one_spelling_of_real_days_and_times_is_read() {
        for text in
            ["2026-02-29", "2026-2-3", "20260203", "2026-02-03T00:00:00", "0000-01-01", "-000001-01-01", "", "x"]
        {
            assert_eq!(parse_date(text), None, "{text}");
        }
        for text in
            ["2026-02-03", "2026-02-03 10:00:00", "2026-02-03T10:00", "2026-02-03T23:59:60", "2026-02-03T24:00:00"]
        {
            assert_eq!(parse_local_time(text), None, "{text}");
        }
    }

    #[test]
    fn unknown_zones_are_refused() {
        for name in ["", "Mars/Olympus", "../../etc/passwd", "Etc/Unknown", "UTC+3", "Europe/Ber\0lin"] {
            assert_eq!(Zone::new(name), Err(PlannedTimeError::ZoneUnknown), "{name}");
        }
    }
}
