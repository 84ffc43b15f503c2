//! What is known here of a person, whose account the gateway owns: where they live, and when their day begins.

use jiff::{civil, tz::TimeZone};
use mesh_types::{Caller, UserId, zone};

/// When the day of somebody begins who did not say so.
const USUAL_START: civil::Time = civil::time(9, 0, 0, 0);

/// How a person counts their days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonDay {
    /// The IANA zone in which they live, if they said so.
    pub zone: Option<String>,
    /// When their day begins, `HH:MM`; unset is 09:00.
    pub start: Option<String>,
}

/// A person as an event of their account told of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// The epoch of the gateway that the version is counted in.
    pub epoch: i64,
    /// The account's version.
    pub version: i64,
    /// How they count their days.
    pub day: PersonDay,
}

impl PersonDay {
    /// As the caller's token says.
    pub fn of_caller(caller: &Caller) -> Self {
        Self { zone: caller.time_zone.clone(), start: caller.day_start.clone() }
    }

    /// When their day begins.
    pub(super) fn begins(&self) -> civil::Time {
        let told = self.start.as_deref().and_then(|text| civil::Time::strptime("%H:%M", text).ok());
        told.unwrap_or(USUAL_START)
    }

    /// The rules of their zone, else of `fallback`, else of UTC. A zone that has left the database since is read as UTC,
    /// rather than losing the reminder.
    pub(super) fn rules(&self, fallback: Option<&str>) -> TimeZone {
        let name = self.zone.as_deref().or(fallback);
        name.and_then(zone).map_or(TimeZone::UTC, |(_, rules)| rules)
    }
}
