//! Which days of a month a rule allows, as a set of bits: bit 0 is the 1st.

use crate::{
    Frequency,
    calendar::{day_number, month_length, week_start, weekday, year_length, year_month_day},
    rule::{OrdinalWeekday, Rule},
};

/// The parts of a rule that look at the day. Every part that is present must agree.
#[derive(Clone, Debug)]
pub(crate) struct Days {
    /// Bit `m` is month `m`; 0 is every month.
    months: u32,
    /// Bit `d - 1` is day `d` from the month's start and from its end; nothing is every day.
    month_days: Option<(u32, u32)>,
    /// Bit `w` is that weekday, and the ordinal ones; nothing is every day.
    weekdays: Option<(u32, Vec<OrdinalWeekday>)>,
    /// Whether ordinals count in the year instead of the month.
    in_year: bool,
    year_days: Vec<i16>,
    /// Bit `w` is week `w` from the year's start and from its end; nothing is every week.
    weeks: Option<(u64, u64)>,
    first_weekday: i64,
    /// Whether days beyond the end of a month are its last day.
    clamp: bool,
}

impl Days {
    /// The days of a rule. `start` is the day that stands in for what the rule leaves out.
    pub(crate) fn new(rule: &Rule, start: i64, clamp: bool) -> Days {
        let mut days = Days {
            months: rule.months.iter().fold(0, |bits, month| bits | 1 << month),
            month_days: signed_bits(&rule.month_days).map(|(first, last)| ((first >> 1) as u32, (last >> 1) as u32)),
            weekdays: plain_and_ordinal(&rule.weekdays),
            in_year: rule.frequency == Frequency::Yearly && rule.months.is_empty(),
            year_days: rule.year_days.clone(),
            weeks: signed_bits(&rule.weeks),
            first_weekday: rule.week_start.into(),
            clamp,
        };
        days.fill_in(rule, start);
        days
    }

    /// What the rule does not say is taken from its start (RFC 5545, section 3.3.10).
    fn fill_in(&mut self, rule: &Rule, start: i64) {
        let (_, month, day) = year_month_day(start);
        let on_weekday = Some((1 << weekday(start), Vec::new()));
        let only_weeks = rule.weekdays.is_empty() && rule.month_days.is_empty() && rule.year_days.is_empty();
        match rule.frequency {
            Frequency::Yearly if !rule.weeks.is_empty() && only_weeks => self.weekdays = on_weekday,
            Frequency::Yearly | Frequency::Monthly if !rule.picks_days() => {
                self.month_days = Some((1 << (day - 1), 0));
                if rule.frequency == Frequency::Yearly && rule.months.is_empty() {
                    self.months = 1 << month;
                }
            }
            Frequency::Weekly if rule.weekdays.is_empty() => self.weekdays = on_weekday,
            _ => {}
        }
    }

    /// Whether every day is allowed.
    pub(crate) fn is_open(&self) -> bool {
        let no_weeks = self.weeks.is_none() && self.year_days.is_empty();
        self.months == 0 && self.month_days.is_none() && self.weekdays.is_none() && no_weeks
    }

    /// What looking at one month costs.
    pub(crate) fn cost(&self) -> u32 {
        let ordinals = self.weekdays.as_ref().map_or(0, |(_, ordinals)| ordinals.len());
        1 + (ordinals + self.year_days.len()) as u32 / 16
    }

    /// The allowed days of a month.
    pub(crate) fn in_month(&self, year: i64, month: i64) -> u32 {
        if !self.allows_month(month) {
            return 0;
        }
        let length = month_length(year, month);
        let first = day_number(year, month, 1);
        let mut bits = ((1_u64 << length) - 1) as u32;
        if let Some(allowed) = self.month_days {
            bits &= month_day_bits(allowed, length, self.clamp);
        }
        if let Some((plain, ordinals)) = &self.weekdays {
            bits &= weekday_bits(*plain, weekday(first)) | self.ordinal_bits(ordinals, year, first, length);
        }
        if !self.year_days.is_empty() {
            let new_year = day_number(year, 1, 1);
            bits &= bits_of(self.year_days.iter().map(|day| year_day(*day, year, new_year)), first, length);
        }
        match self.weeks {
            Some(weeks) => bits & self.week_bits(weeks, first, length),
            None => bits,
        }
    }

    /// Whether the day is allowed only because the month is too short for the one that was meant.
    pub(crate) fn is_clamped(&self, day: i64) -> bool {
        let (year, month, day_of_month) = year_month_day(day);
        let length = month_length(year, month);
        match self.month_days {
            Some(allowed) if self.clamp && day_of_month == length => {
                month_day_bits(allowed, length, false) >> (length - 1) & 1 == 0
            }
            _ => false,
        }
    }

    /// The days after the 28th that are allowed where a month has them.
    pub(crate) fn late_month_days(&self) -> u32 {
        self.month_days.map_or(0, |(from_start, _)| from_start >> 28)
    }

    /// Whether the month is one of those that the rule names.
    pub(crate) fn allows_month(&self, month: i64) -> bool {
        self.months == 0 || self.months >> month & 1 == 1
    }

    fn ordinal_bits(&self, ordinals: &[OrdinalWeekday], year: i64, first: i64, length: i64) -> u32 {
        let (from, to) = if self.in_year {
            let new_year = day_number(year, 1, 1);
            (new_year, new_year + year_length(year))
        } else {
            (first, first + length)
        };
        let day = |(ordinal, wanted): &OrdinalWeekday| {
            let (ordinal, wanted) = (i64::from(*ordinal), i64::from(*wanted));
            let day = if ordinal > 0 {
                from + (wanted - weekday(from)).rem_euclid(7) + 7 * (ordinal - 1)
            } else {
                to - 1 - (weekday(to - 1) - wanted).rem_euclid(7) + 7 * (ordinal + 1)
            };
            (from..to).contains(&day).then_some(day)
        };
        bits_of(ordinals.iter().map(day), first, length)
    }

    /// The days in weeks of these numbers. Week 1 is the first with four days or more in the year.
    fn week_bits(&self, (from_start, from_end): (u64, u64), first: i64, length: i64) -> u32 {
        let mut bits = 0;
        let mut week = week_start(first, self.first_weekday);
        while week < first + length {
            let (year, ..) = year_month_day(week + 3);
            let new_year = day_number(year, 1, 1);
            let number = (week + 3 - new_year) / 7;
            let weeks_after = (new_year + year_length(year) - 1 - (week + 3)) / 7;
            if from_start >> (number + 1) & 1 == 1 || from_end >> (weeks_after + 1) & 1 == 1 {
                bits |= bits_of((week..week + 7).map(Some), first, length);
            }
            week += 7;
        }
        bits
    }
}

fn plain_and_ordinal(weekdays: &[OrdinalWeekday]) -> Option<(u32, Vec<OrdinalWeekday>)> {
    if weekdays.is_empty() {
        return None;
    }
    let plain = weekdays.iter().filter(|(ordinal, _)| *ordinal == 0).fold(0, |bits, (_, day)| bits | 1 << day);
    Some((plain, weekdays.iter().filter(|(ordinal, _)| *ordinal != 0).copied().collect()))
}

/// Bit `n` for every `n` in the list; those below 0 apart.
fn signed_bits(numbers: &[i16]) -> Option<(u64, u64)> {
    if numbers.is_empty() {
        return None;
    }
    let bits = |sign: i16| numbers.iter().filter(|n| **n * sign > 0).fold(0, |bits, n| bits | 1_u64 << n.abs());
    Some((bits(1), bits(-1)))
}

fn month_day_bits((from_start, from_end): (u32, u32), length: i64, clamp: bool) -> u32 {
    // Bit 0 of `from_end` is the last day, which is bit `length - 1`; days before the 1st fall off the end.
    let mirrored = from_end.reverse_bits() >> (32 - length);
    let beyond = u64::from(from_start) >> length != 0;
    from_start | mirrored | if clamp && beyond { 1 << (length - 1) } else { 0 }
}

fn weekday_bits(plain: u32, first: i64) -> u32 {
    let week = (plain | plain << 7) >> first & 0x7f;
    week | week << 7 | week << 14 | week << 21 | week << 28
}

fn year_day(day: i16, year: i64, new_year: i64) -> Option<i64> {
    let length = year_length(year);
    let day = if day > 0 { i64::from(day) - 1 } else { length + i64::from(day) };
    (0..length).contains(&day).then_some(new_year + day)
}

fn bits_of(days: impl Iterator<Item = Option<i64>>, first: i64, length: i64) -> u32 {
    let within = days.flatten().map(|day| day - first).filter(|day| (0..length).contains(day));
    within.fold(0, |bits, day| bits | 1 << day)
}
