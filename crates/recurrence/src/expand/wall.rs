//! Rules that step in wall time: the occurrences of a rule as floating times, from any time on.
//!
//! A rule is a row of periods (years, months, weeks, days, hours or minutes), each with a number. Because a period is
//! found by arithmetic, nothing is ever counted from the start.

use super::{
    days::Days,
    period::Period,
    work::{GaveUp, Work},
};
use crate::{
    Frequency,
    calendar::{CALENDAR_DAYS, DAY, day_number, week_start, year_month_day},
    rule::Rule,
};

/// The last day that occurrences may be on; the zone's offset must not lead beyond the year 9999.
pub(crate) const LAST_DAY: i64 = 2_932_892;

/// A rule made ready for expansion in wall time.
#[derive(Clone, Debug)]
pub(crate) struct Wall {
    frequency: Frequency,
    interval: i64,
    first_weekday: i64,
    /// The number of the period that holds the start.
    first: i64,
    pub(super) start: i64,
    pub(crate) days: Days,
    hours: Vec<i64>,
    minutes: Vec<i64>,
    seconds: Vec<i64>,
    /// The same as bits, for frequencies within the day; all ones when every one is allowed.
    hour_bits: u64,
    minute_bits: u64,
    positions: Vec<i16>,
    /// After so many periods without an occurrence there is none ever.
    cycle: i64,
    /// Whether stepping by the interval ever meets a time of day that is allowed.
    reachable: bool,
}

/// What was found at a period's number.
enum Look {
    /// The period has occurrences.
    Filled,
    /// It has none, nor has any before this number.
    SkipTo(i64),
}

impl Wall {
    pub(crate) fn new(rule: &Rule, start: i64, clamp: bool) -> Wall {
        let time = start.rem_euclid(DAY);
        let or = |list: &[i16], default: i64| match list {
            [] => vec![default],
            list => list.iter().map(|number| i64::from(*number)).collect(),
        };
        let mut wall = Wall {
            frequency: rule.frequency,
            interval: rule.interval.into(),
            first_weekday: rule.week_start.into(),
            first: 0,
            start,
            days: Days::new(rule, start.div_euclid(DAY), clamp),
            hours: or(&rule.hours, time / 3600),
            minutes: or(&rule.minutes, time / 60 % 60),
            seconds: or(&rule.seconds, time % 60),
            hour_bits: bits(&rule.hours),
            minute_bits: bits(&rule.minutes),
            positions: rule.positions.clone(),
            cycle: 0,
            reachable: true,
        };
        wall.first = wall.number_of(start);
        let repeat = wall.calendar_periods();
        wall.cycle = (repeat / greatest_common_divisor(repeat, wall.interval)).saturating_mul(wall.interval);
        wall.reachable = wall.meets_times() && wall.has_positions();
        wall
    }

    /// After so many periods the calendar repeats.
    fn calendar_periods(&self) -> i64 {
        match self.frequency {
            Frequency::Yearly => 400,
            Frequency::Monthly => 4800,
            Frequency::Weekly => CALENDAR_DAYS / 7,
            Frequency::Daily => CALENDAR_DAYS,
            Frequency::Hourly => CALENDAR_DAYS * 24,
            Frequency::Minutely => CALENDAR_DAYS * 1440,
        }
    }

    /// The number of the period that holds this time.
    pub(super) fn number_of(&self, time: i64) -> i64 {
        let day = time.div_euclid(DAY);
        let (year, month, _) = year_month_day(day);
        match self.frequency {
            Frequency::Yearly => year,
            Frequency::Monthly => year * 12 + month - 1,
            Frequency::Weekly => week_start(day, self.first_weekday).div_euclid(7),
            Frequency::Daily => day,
            Frequency::Hourly => time.div_euclid(3600),
            Frequency::Minutely => time.div_euclid(60),
        }
    }

    /// The first period of the rule that is not before this number.
    fn align(&self, number: i64) -> i64 {
        let steps = (number - self.first + self.interval - 1).div_euclid(self.interval);
        self.first + steps.max(0).saturating_mul(self.interval)
    }

    /// Fills in the first period with occurrences from this number on, and gives its number.
    pub(super) fn fill(&self, from: i64, period: &mut Period, work: &mut Work) -> Result<Option<i64>, GaveUp> {
        let mut number = self.align(from);
        let last = self.number_of(LAST_DAY * DAY).min(number.saturating_add(self.cycle));
        while number <= last && self.reachable {
            work.spend(1)?;
            number = match self.look(number, period, work)? {
                Look::Filled => {
                    period.pick(&self.positions);
                    if period.len() > 0 {
                        return Ok(Some(number));
                    }
                    self.align(number + 1)
                }
                Look::SkipTo(next) => self.align(next.max(number + 1)),
            };
        }
        Ok(None)
    }

    /// Whether stepping by the interval ever meets an hour and minute that are allowed.
    fn meets_times(&self) -> bool {
        let per_day = match self.frequency {
            Frequency::Hourly => 24,
            Frequency::Minutely => 1440,
            _ => return true,
        };
        let step = greatest_common_divisor(per_day, self.interval);
        let mut of_day = (self.first.rem_euclid(step)..per_day).step_by(step as usize);
        of_day.any(|number| match self.frequency {
            Frequency::Hourly => self.hour_bits >> number & 1 == 1,
            _ => self.hour_bits >> (number / 60) & 1 == 1 && self.minute_bits >> (number % 60) & 1 == 1,
        })
    }

    /// Whether BYSETPOS picks anything, where every period has as many times.
    fn has_positions(&self) -> bool {
        let size = match self.frequency {
            Frequency::Minutely => self.seconds.len(),
            Frequency::Hourly => self.minutes.len() * self.seconds.len(),
            Frequency::Daily => self.hours.len() * self.minutes.len() * self.seconds.len(),
            _ => return true,
        };
        self.positions.is_empty() || self.positions.iter().any(|position| usize::from(position.unsigned_abs()) <= size)
    }

    fn look(&self, number: i64, period: &mut Period, work: &mut Work) -> Result<Look, GaveUp> {
        period.days.clear();
        match self.frequency {
            Frequency::Yearly => {
                work.spend(self.days.cost())?;
                (1..=12).for_each(|month| self.add_month(number, month, period));
            }
            Frequency::Monthly => {
                work.spend(self.days.cost())?;
                self.add_month(number.div_euclid(12), number.rem_euclid(12) + 1, period);
            }
            Frequency::Weekly => self.add_week(number, period, work)?,
            Frequency::Daily => {
                let next = self.next_day(number, period, work)?;
                if next != number {
                    return Ok(Look::SkipTo(next));
                }
                period.days.push(number);
            }
            Frequency::Hourly | Frequency::Minutely => return self.look_within_day(number, period, work),
        }
        self.set_times(period, None, None);
        if period.days.is_empty() { Ok(Look::SkipTo(number + 1)) } else { Ok(Look::Filled) }
    }

    fn add_month(&self, year: i64, month: i64, period: &mut Period) {
        let mut bits = self.days.in_month(year, month);
        let first = day_number(year, month, 1);
        while bits != 0 {
            period.days.push(first + i64::from(bits.trailing_zeros()));
            bits &= bits - 1;
        }
    }

    fn add_week(&self, number: i64, period: &mut Period, work: &mut Work) -> Result<(), GaveUp> {
        // Week numbers count from the week that holds day 0, which starts up to six days before it.
        let start = week_start(number * 7 + 6, self.first_weekday);
        let mut day = start;
        while day < start + 7 {
            let next = self.next_day(day, period, work)?;
            if next == day {
                period.days.push(day);
            }
            day = next.max(day + 1);
        }
        Ok(())
    }

    /// The first allowed day from this one on within its month, else the first of the next month.
    fn next_day(&self, day: i64, period: &mut Period, work: &mut Work) -> Result<i64, GaveUp> {
        if self.days.is_open() {
            return Ok(day);
        }
        let (year, month, of_month) = year_month_day(day);
        let bits = match period.month {
            Some((known, bits)) if known == (year, month) => bits,
            _ => {
                work.spend(self.days.cost())?;
                self.days.in_month(year, month)
            }
        };
        period.month = Some(((year, month), bits));
        Ok(match bits >> (of_month - 1) {
            0 => day_number(year + month / 12, month % 12 + 1, 1),
            bits => day + i64::from(bits.trailing_zeros()),
        })
    }

    /// An hour or a minute: every level that does not fit is skipped as a whole.
    fn look_within_day(&self, number: i64, period: &mut Period, work: &mut Work) -> Result<Look, GaveUp> {
        let (per_hour, per_day) = if self.frequency == Frequency::Hourly { (1, 24) } else { (60, 1440) };
        let day = number.div_euclid(per_day);
        let next = self.next_day(day, period, work)?;
        if next != day {
            return Ok(Look::SkipTo(next * per_day));
        }
        let hour = number.rem_euclid(per_day) / per_hour;
        let later = self.hour_bits >> hour;
        if later & 1 == 0 {
            let skip = if later == 0 { 24 - hour } else { i64::from(later.trailing_zeros()) };
            return Ok(Look::SkipTo(day * per_day + (hour + skip) * per_hour));
        }
        let minute = number.rem_euclid(per_hour);
        if self.frequency == Frequency::Minutely {
            let later = self.minute_bits >> minute;
            if later & 1 == 0 {
                let skip = if later == 0 { 60 - minute } else { i64::from(later.trailing_zeros()) };
                return Ok(Look::SkipTo(number + skip));
            }
        }
        period.days.push(day);
        self.set_times(period, Some(hour), (self.frequency == Frequency::Minutely).then_some(minute));
        Ok(Look::Filled)
    }

    fn set_times(&self, period: &mut Period, hour: Option<i64>, minute: Option<i64>) {
        let set = |list: &mut Vec<i64>, one: Option<i64>, all: &[i64]| {
            list.clear();
            list.extend_from_slice(one.as_ref().map_or(all, std::slice::from_ref));
        };
        set(&mut period.hours, hour, &self.hours);
        set(&mut period.minutes, minute, &self.minutes);
        set(&mut period.seconds, None, &self.seconds);
    }

    /// The occurrence with this number, counted from 1, or none; after giving up, how far the count came.
    pub(crate) fn nth(&self, count: u32, work: &mut Work) -> Result<Option<i64>, i64> {
        let mut left = u64::from(count);
        let mut counted_to = i64::MIN;
        let mut period = Period::default();
        let mut from = self.first;
        loop {
            let Some(number) = self.fill(from, &mut period, work).map_err(|GaveUp| counted_to)? else {
                return Ok(None);
            };
            let before_start = period.first_from(self.start);
            let here = period.len() - before_start;
            if left <= here {
                return Ok(Some(period.get(before_start + left - 1)));
            }
            left -= here;
            counted_to = period.get(period.len() - 1);
            from = number + 1;
        }
    }
}

/// Bits for the numbers of a list; all ones for an absent one.
fn bits(numbers: &[i16]) -> u64 {
    if numbers.is_empty() { u64::MAX } else { numbers.iter().fold(0, |bits, number| bits | 1 << number) }
}

pub(crate) fn greatest_common_divisor(left: i64, right: i64) -> i64 {
    if right == 0 { left } else { greatest_common_divisor(right, left % right) }
}
