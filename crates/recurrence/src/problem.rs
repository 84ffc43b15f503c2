//! Why a rule is refused, and where.

use std::fmt;

/// A rule is refused: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (at byte {position})")]
pub struct RuleError {
    /// The byte in the text at which the problem starts.
    pub position: usize,
    /// What is wrong.
    pub problem: RuleProblem,
}

/// Everything that can be wrong with a rule. Each is forbidden by RFC 5545, or nobody can mean it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleProblem {
    /// There is nothing but blanks.
    #[error("there is no rule")]
    Empty,
    /// The text is longer than 16 KiB.
    #[error("the rules are longer than 16 KiB")]
    TooLong,
    /// A line is no RRULE, RDATE or EXDATE.
    #[error("a line must start with RRULE, RDATE or EXDATE")]
    UnknownProperty,
    /// A line gives the start or the zone, which are given beside the rules.
    #[error("DTSTART does not belong here: the start and its zone are given beside the rules")]
    StartInRules,
    /// EXRULE is obsolete since RFC 5545.
    #[error("EXRULE is obsolete; name the days to leave out with EXDATE")]
    ExceptionRule,
    /// RFC 5545 leaves the result of several RRULE lines undefined.
    #[error("there may be only one RRULE")]
    SecondRule,
    /// There are exceptions, but nothing to except them from.
    #[error("EXDATE alone gives nothing: an RRULE or RDATE is needed")]
    NothingToRepeat,
    /// A line's parameter is not known here.
    #[error("this parameter is not known; VALUE and TZID are")]
    UnknownParameter,
    /// A `VALUE` is neither DATE nor DATE-TIME.
    #[error("VALUE must be DATE or DATE-TIME; periods are not supported")]
    UnsupportedValueType,
    /// A `TZID` is not a zone of the tz database.
    #[error("this time zone is not known")]
    UnknownZone,
    /// A part of the rule has no `=`, or nothing on one side of it.
    #[error("a part of a rule must be NAME=VALUE")]
    MalformedPart,
    /// RFC 5545 does not know the part.
    #[error("RFC 5545 knows no such part of a rule")]
    UnknownPart,
    /// RSCALE and SKIP (RFC 7529) are about other calendars.
    #[error("RSCALE and SKIP (RFC 7529) are not supported; the month-end policy says what becomes of missing days")]
    UnsupportedPart,
    /// A part is given twice.
    #[error("{0} is given twice")]
    RepeatedPart(Part),
    /// FREQ is missing.
    #[error("FREQ is missing")]
    MissingFrequency,
    /// FREQ is no frequency.
    #[error("FREQ must be YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY or MINUTELY")]
    UnknownFrequency,
    /// Nobody does a task every second.
    #[error("FREQ=SECONDLY is not supported")]
    Secondly,
    /// A value is not a whole number.
    #[error("{0} takes whole numbers")]
    NotANumber(Part),
    /// A number is outside what the part allows.
    #[error("{part} must be {allowed}")]
    OutOfRange {
        /// The part.
        part: Part,
        /// The numbers that it allows, in words.
        allowed: &'static str,
    },
    /// A weekday is not one of the seven.
    #[error("a weekday must be MO, TU, WE, TH, FR, SA or SU")]
    UnknownWeekday,
    /// A value is not a date or a date with a time, or the calendar has no such day.
    #[error("must be a date such as 20260131, or with a time such as 20260131T090000, or 20260131T080000Z in UTC")]
    NotADate,
    /// Times are named for rules over whole days.
    #[error("whole days have no time: a date such as 20260131 is needed")]
    TimeForWholeDays,
    /// COUNT and UNTIL exclude each other.
    #[error("COUNT and UNTIL exclude each other")]
    CountWithUntil,
    /// An ordinal weekday needs months or years to count in.
    #[error("a weekday with a number, such as 2MO, needs FREQ=MONTHLY or FREQ=YEARLY")]
    OrdinalWeekday,
    /// An ordinal weekday cannot be combined with week numbers.
    #[error("a weekday with a number, such as 2MO, cannot be combined with BYWEEKNO")]
    OrdinalWithWeekNumbers,
    /// A part is not allowed with this frequency.
    #[error("{part} is not allowed with FREQ={frequency}")]
    NotWithFrequency {
        /// The part.
        part: Part,
        /// The frequency.
        frequency: Frequency,
    },
    /// BYSETPOS picks from what another part gives, and there is none.
    #[error("BYSETPOS needs another BY part to pick from")]
    NothingToPickFrom,
    /// A part is about times of day, and the rules are about whole days.
    #[error("{0} is about times of day, but the rules start on a whole day")]
    TimePartForWholeDays(Part),
    /// A frequency within the day for whole days.
    #[error("FREQ={0} is within the day, but the rules start on a whole day")]
    FrequencyForWholeDays(Frequency),
}

/// How often a rule comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of RFC 5545")]
pub enum Frequency {
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A part of a rule, named as in RFC 5545.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of RFC 5545")]
pub enum Part {
    Freq,
    Interval,
    Count,
    Until,
    Wkst,
    ByMonth,
    ByWeekNo,
    ByYearDay,
    ByMonthDay,
    ByDay,
    ByHour,
    ByMinute,
    BySecond,
    BySetPos,
}

impl Part {
    /// Every part.
    pub(crate) const ALL: [Part; 14] = [
        Part::Freq,
        Part::Interval,
        Part::Count,
        Part::Until,
        Part::Wkst,
        Part::ByMonth,
        Part::ByWeekNo,
        Part::ByYearDay,
        Part::ByMonthDay,
        Part::ByDay,
        Part::ByHour,
        Part::ByMinute,
        Part::BySecond,
        Part::BySetPos,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Part::Freq => "FREQ",
            Part::Interval => "INTERVAL",
            Part::Count => "COUNT",
            Part::Until => "UNTIL",
            Part::Wkst => "WKST",
            Part::ByMonth => "BYMONTH",
            Part::ByWeekNo => "BYWEEKNO",
            Part::ByYearDay => "BYYEARDAY",
            Part::ByMonthDay => "BYMONTHDAY",
            Part::ByDay => "BYDAY",
            Part::ByHour => "BYHOUR",
            Part::ByMinute => "BYMINUTE",
            Part::BySecond => "BYSECOND",
            Part::BySetPos => "BYSETPOS",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Frequency::Minutely => "MINUTELY",
            Frequency::Hourly => "HOURLY",
            Frequency::Daily => "DAILY",
            Frequency::Weekly => "WEEKLY",
            Frequency::Monthly => "MONTHLY",
            Frequency::Yearly => "YEARLY",
        })
    }
}
