//! A rule as data, after parsing.

use jiff::{
    civil::{Date, DateTime},
    tz::TimeZone,
};

use crate::{Frequency, Part};

/// One RRULE. Lists are sorted and without repetition; an empty list is an absent part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) frequency: Frequency,
    pub(crate) interval: u32,
    pub(crate) end: RuleEnd,
    /// The first day of the week.
    pub(crate) week_start: Weekday,
    pub(crate) months: Vec<i16>,
    pub(crate) weeks: Vec<i16>,
    pub(crate) year_days: Vec<i16>,
    pub(crate) month_days: Vec<i16>,
    /// BYDAY; an ordinal of 0 is every such weekday.
    pub(crate) weekdays: Vec<OrdinalWeekday>,
    pub(crate) hours: Vec<i16>,
    pub(crate) minutes: Vec<i16>,
    pub(crate) seconds: Vec<i16>,
    /// BYSETPOS.
    pub(crate) positions: Vec<i16>,
}

/// A day of the week, 0 is Monday.
pub(crate) type Weekday = u8;

/// `MO` is `(0, 0)`, `-1FR` is `(-1, 4)`.
pub(crate) type OrdinalWeekday = (i16, Weekday);

/// Where a rule ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RuleEnd {
    Never,
    Count(u32),
    Until(Moment),
}

/// A date or a time in UNTIL, RDATE and EXDATE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Date(Date),
    Local(DateTime),
    Utc(DateTime),
    /// With a zone of its own.
    Zoned(DateTime, TimeZone),
}

impl Rule {
    pub(crate) fn new(frequency: Frequency) -> Rule {
        Rule {
            frequency,
            interval: 1,
            end: RuleEnd::Never,
            week_start: 0,
            months: Vec::new(),
            weeks: Vec::new(),
            year_days: Vec::new(),
            month_days: Vec::new(),
            weekdays: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            seconds: Vec::new(),
            positions: Vec::new(),
        }
    }

    /// The numbers of a part that is a list of numbers.
    pub(crate) fn list(&mut self, part: Part) -> Option<&mut Vec<i16>> {
        Some(match part {
            Part::ByMonth => &mut self.months,
            Part::ByWeekNo => &mut self.weeks,
            Part::ByYearDay => &mut self.year_days,
            Part::ByMonthDay => &mut self.month_days,
            Part::ByHour => &mut self.hours,
            Part::ByMinute => &mut self.minutes,
            Part::BySecond => &mut self.seconds,
            Part::BySetPos => &mut self.positions,
            _ => return None,
        })
    }

    /// Whether any part names times of day.
    pub(crate) fn has_time_parts(&self) -> bool {
        !(self.hours.is_empty() && self.minutes.is_empty() && self.seconds.is_empty())
    }

    /// Whether any part picks days within a year, a month or a week.
    pub(crate) fn picks_days(&self) -> bool {
        !(self.weeks.is_empty() && self.year_days.is_empty() && self.month_days.is_empty() && self.weekdays.is_empty())
    }

    /// Whether it steps in elapsed time: every four hours are four real hours, whatever the clocks do.
    pub(crate) fn is_elapsed(&self) -> bool {
        self.frequency <= Frequency::Hourly && !self.has_time_parts()
    }
}
