//! From a nominal start to an instant: the zone and the policies.
//!
//! The only place that asks jiff for offsets. Instants and wall times are whole seconds here.

use jiff::{
    Timestamp,
    tz::{AmbiguousOffset, Offset, TimeZone},
};

use crate::{
    DstGap, DstOverlap, Policies, Weekend,
    calendar::{DAY, to_datetime, weekday},
};

/// Further apart than any two offsets of one zone, so that a change of offset nearby is seen from both sides.
const NEARBY: i64 = 26 * 3600;

/// Where an occurrence ends up. The order is that of a series; at one instant, the one that was not moved is first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Placed {
    pub(crate) instant: i64,
    pub(crate) by_weekend: bool,
    pub(crate) by_gap: bool,
    pub(crate) nominal: i64,
    pub(crate) wall: i64,
    pub(crate) offset: i32,
}

/// The clock that nominal starts are read off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// The zone's wall clock.
    Wall,
    /// The zone's calendar: whole days.
    Days,
    /// A clock that keeps this offset, for rules in elapsed time.
    Fixed(i64),
}

/// The instant as jiff has it; those beyond its range are its first or last.
pub(crate) fn timestamp(instant: i64) -> Timestamp {
    let instant = instant.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(instant).unwrap_or_default()
}

pub(crate) fn offset_at(zone: &TimeZone, instant: i64) -> i64 {
    zone.to_offset(timestamp(instant)).seconds().into()
}

/// The wall time at an instant.
pub(crate) fn wall_at(zone: &TimeZone, instant: i64) -> i64 {
    instant + offset_at(zone, instant)
}

/// The first instant of a day.
pub(crate) fn instant_of_day(zone: &TimeZone, day: i64) -> i64 {
    instant_of(zone, day * DAY)
}

/// The instant of a wall time as RFC 5545, section 3.3.5 has it.
pub(crate) fn instant_of(zone: &TimeZone, wall: i64) -> i64 {
    let offset = match zone.to_ambiguous_timestamp(to_datetime(wall)).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
    };
    wall - i64::from(offset.seconds())
}

/// By how much the zone's clock changes around an instant; usually 0.
pub(crate) fn change_nearby(zone: &TimeZone, instant: i64) -> i64 {
    let here = offset_at(zone, instant);
    let before = here - offset_at(zone, instant.saturating_sub(NEARBY));
    let after = offset_at(zone, instant.saturating_add(NEARBY)) - here;
    before.abs().max(after.abs())
}

/// Puts nominal starts into a zone.
#[derive(Clone, Debug)]
pub(crate) struct Placer {
    pub(crate) zone: TimeZone,
    pub(crate) clock: Clock,
    pub(crate) policies: Policies,
}

impl Placer {
    /// The instant of a nominal start before any policy.
    pub(crate) fn plain_instant(&self, nominal: i64) -> i64 {
        match self.clock {
            Clock::Fixed(offset) => nominal - offset,
            Clock::Wall | Clock::Days => instant_of(&self.zone, nominal),
        }
    }

    /// The nominal start that an instant would have.
    pub(crate) fn nominal_at(&self, instant: i64) -> i64 {
        match self.clock {
            Clock::Fixed(offset) => instant.saturating_add(offset),
            Clock::Wall | Clock::Days => wall_at(&self.zone, instant),
        }
    }

    /// How much earlier than an instant the nominal starts can be that end up after it.
    pub(crate) fn look_back(&self, instant: i64) -> i64 {
        let weekend = if self.policies.weekend == Weekend::NextWeekday { 3 * DAY } else { 0 };
        weekend + change_nearby(&self.zone, instant)
    }

    /// How much later than an instant the nominal starts can be that end up before it.
    pub(crate) fn look_ahead(&self, instant: i64) -> i64 {
        let weekend = if self.policies.weekend == Weekend::PreviousWeekday { 3 * DAY } else { 0 };
        let moves_back = self.policies.dst_gap == DstGap::OffsetAfter && self.clock != Clock::Days;
        weekend + if moves_back { change_nearby(&self.zone, instant) } else { 0 }
    }

    /// Where a nominal start ends up; nothing when a policy drops it.
    pub(crate) fn place(&self, nominal: i64) -> Option<Placed> {
        let wall = match self.clock {
            Clock::Fixed(offset) => wall_at(&self.zone, nominal - offset),
            Clock::Wall | Clock::Days => nominal,
        };
        let shift = weekend_shift(self.policies.weekend, weekday(wall.div_euclid(DAY)))?;
        let (instant, by_gap) = match self.clock {
            Clock::Fixed(offset) if shift == 0 => (nominal - offset, false),
            Clock::Days => self.start_of_day(wall + shift * DAY)?,
            _ => self.resolve(wall + shift * DAY)?,
        };
        let offset = offset_at(&self.zone, instant);
        let by_weekend = shift != 0;
        Some(Placed { instant, by_weekend, by_gap, nominal, wall: instant + offset, offset: offset as i32 })
    }

    fn resolve(&self, wall: i64) -> Option<(i64, bool)> {
        let at = |offset: Offset| wall - i64::from(offset.seconds());
        Some(match self.zone.to_ambiguous_timestamp(to_datetime(wall)).offset() {
            AmbiguousOffset::Unambiguous { offset } => (at(offset), false),
            AmbiguousOffset::Gap { before, after } => match self.policies.dst_gap {
                DstGap::OffsetBefore => (at(before), true),
                DstGap::OffsetAfter => (at(after), true),
                DstGap::Drop => return None,
            },
            AmbiguousOffset::Fold { before, after } => match self.policies.dst_overlap {
                DstOverlap::First => (at(before), false),
                DstOverlap::Second => (at(after), false),
            },
        })
    }

    /// The first instant of a day, which a gap at midnight does not move, and whether the zone has no such day at all.
    fn start_of_day(&self, midnight: i64) -> Option<(i64, bool)> {
        let instant = instant_of(&self.zone, midnight);
        let is_missing = wall_at(&self.zone, instant).div_euclid(DAY) != midnight.div_euclid(DAY);
        if is_missing && self.policies.dst_gap == DstGap::Drop { None } else { Some((instant, is_missing)) }
    }
}

/// By how many days a policy moves an occurrence on this weekday; nothing when it drops it.
fn weekend_shift(policy: Weekend, weekday: i64) -> Option<i64> {
    if weekday < 5 {
        return Some(0);
    }
    match policy {
        Weekend::Keep => Some(0),
        Weekend::NextWeekday => Some(7 - weekday),
        Weekend::PreviousWeekday => Some(4 - weekday),
        Weekend::Drop => None,
    }
}
