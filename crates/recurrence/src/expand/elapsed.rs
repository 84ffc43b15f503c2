//! Rules that step in elapsed time: HOURLY and MINUTELY without times of day. "Every four hours" is four real hours,
//! also in the night in which the clocks change.
//!
//! Such a rule is told on a clock of its own that keeps the offset of the start, so that its times are distinct. The
//! parts that look at the day mean the day in the zone.

use jiff::tz::TimeZone;

use super::{
    days::Days,
    wall::LAST_DAY,
    work::{GaveUp, Work},
};
use crate::{
    Frequency,
    calendar::{DAY, day_number, year_month_day},
    place::{instant_of_day, wall_at},
    rule::Rule,
};

/// A rule made ready for expansion in elapsed time. All times are instants, in seconds.
#[derive(Clone, Debug)]
pub(crate) struct Elapsed {
    start: i64,
    step: i64,
    pub(crate) days: Days,
    zone: TimeZone,
    /// BYSETPOS can pick only the one time of each period, or none.
    never: bool,
}

impl Elapsed {
    /// `wall_day` is the day of the start in the zone, `start` its instant.
    pub(crate) fn new(rule: &Rule, wall_day: i64, start: i64, clamp: bool, zone: TimeZone) -> Elapsed {
        let unit = if rule.frequency == Frequency::Hourly { 3600 } else { 60 };
        Elapsed {
            start,
            step: i64::from(rule.interval) * unit,
            days: Days::new(rule, wall_day, clamp),
            zone,
            never: !rule.positions.is_empty() && !rule.positions.iter().any(|position| position.abs() == 1),
        }
    }

    /// The first step that is not before this instant.
    fn align(&self, instant: i64) -> i64 {
        let steps = (instant - self.start + self.step - 1).div_euclid(self.step);
        self.start + steps.max(0).saturating_mul(self.step)
    }

    /// The first occurrence that is not before this instant.
    pub(crate) fn first_from(&self, instant: i64, work: &mut Work) -> Result<Option<i64>, GaveUp> {
        let mut instant = self.align(instant.min(LAST_DAY * DAY).max(self.start));
        while instant < LAST_DAY * DAY && !self.never {
            // Looking up the zone costs more than a step of arithmetic.
            work.spend(3)?;
            let day = wall_at(&self.zone, instant).div_euclid(DAY);
            match self.next_day(day, work)? {
                Some(next) if next == day => return Ok(Some(instant)),
                Some(next) => instant = self.align(instant_of_day(&self.zone, next).max(instant + 1)),
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The first allowed day from this one on; none when a whole cycle of the calendar has none.
    fn next_day(&self, day: i64, work: &mut Work) -> Result<Option<i64>, GaveUp> {
        if self.days.is_open() {
            return Ok(Some(day));
        }
        let (mut year, mut month, of_month) = year_month_day(day);
        let mut bits = self.days.in_month(year, month) >> (of_month - 1) << (of_month - 1);
        for _ in 0..=4800 {
            work.spend(self.days.cost())?;
            if bits != 0 {
                return Ok(Some(day_number(year, month, 1) + i64::from(bits.trailing_zeros())));
            }
            (year, month) = (year + month / 12, month % 12 + 1);
            bits = self.days.in_month(year, month);
        }
        Ok(None)
    }

    /// The occurrence with this number, counted from 1, or none; after giving up, how far the count came.
    pub(crate) fn nth(&self, count: u32, work: &mut Work) -> Result<Option<i64>, i64> {
        let mut left = i64::from(count);
        if self.days.is_open() && !self.never {
            return Ok(Some(self.start.saturating_add((left - 1).saturating_mul(self.step))));
        }
        let mut counted_to = i64::MIN;
        let mut from = self.start;
        while let Some(first) = self.first_from(from, work).map_err(|GaveUp| counted_to)? {
            let day = wall_at(&self.zone, first).div_euclid(DAY);
            let end = instant_of_day(&self.zone, day + 1);
            let here = (end - first + self.step - 1).div_euclid(self.step).max(1);
            if left <= here {
                return Ok(Some(first + (left - 1) * self.step));
            }
            left -= here;
            counted_to = first + (here - 1) * self.step;
            from = counted_to + 1;
        }
        Ok(None)
    }
}
