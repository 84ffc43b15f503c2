//! Dates and times as RFC 5545 writes them: `20260131`, `20260131T090000`, `20260131T080000Z`.

use jiff::{
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

use super::span::Span;
use crate::{Nominal, RuleError, RuleProblem, rule::Moment, zone};

/// What the parameters of RDATE or EXDATE say about their values.
#[derive(Default)]
pub(super) struct Shape {
    /// `VALUE`, when given: whether it is DATE.
    dates: Option<bool>,
    zone: Option<TimeZone>,
}

impl Shape {
    /// Reads `;NAME=VALUE` pieces.
    pub(super) fn read(parameters: Span<'_>) -> Result<Shape, RuleError> {
        let mut shape = Shape::default();
        for parameter in parameters.split(';').skip(1) {
            let unknown = || parameter.error(RuleProblem::UnknownParameter);
            let (name, value) = parameter.split_once('=').ok_or_else(unknown)?;
            if name.is("VALUE") {
                if !value.is("DATE") && !value.is("DATE-TIME") {
                    return Err(value.error(RuleProblem::UnsupportedValueType));
                }
                shape.dates = Some(value.is("DATE"));
            } else if name.is("TZID") {
                let named = value.text.trim_matches('"');
                let (_, zone) = zone(named).ok_or_else(|| value.error(RuleProblem::UnknownZone))?;
                shape.zone = Some(zone);
            } else {
                return Err(unknown());
            }
        }
        Ok(shape)
    }

    /// Reads one value of RDATE or EXDATE.
    pub(super) fn moment(&self, value: Span<'_>, start: Nominal) -> Result<Moment, RuleError> {
        let moment = moment(value)?;
        let is_date = matches!(moment, Moment::Date(_));
        if start.is_date() && !is_date {
            return Err(value.error(RuleProblem::TimeForWholeDays));
        }
        if self.dates.is_some_and(|dates| dates != is_date) {
            return Err(value.error(RuleProblem::NotADate));
        }
        Ok(match (moment, &self.zone) {
            (Moment::Local(local), Some(zone)) => Moment::Zoned(local, zone.clone()),
            (moment, _) => moment,
        })
    }
}

/// Reads a date, or a date with a time.
pub(super) fn moment(value: Span<'_>) -> Result<Moment, RuleError> {
    read(value.text).ok_or_else(|| value.error(RuleProblem::NotADate))
}

fn read(text: &str) -> Option<Moment> {
    if !text.is_ascii() {
        return None;
    }
    let (date, time) = text.split_at_checked(8)?;
    let date = Date::new(digits(&date[0..4])?, digits(&date[4..6])?, digits(&date[6..8])?).ok()?;
    if time.is_empty() {
        return Some(Moment::Date(date));
    }
    let utc = time.len() == 8 && time.ends_with(['Z', 'z']);
    if !(time.len() == 7 || utc) || !time.starts_with(['T', 't']) {
        return None;
    }
    // A leap second is taken for the second before it (RFC 5545, section 3.3.12).
    let second: i8 = digits(&time[5..7])?;
    let second = if second == 60 { 59 } else { second };
    let time = Time::new(digits(&time[1..3])?, digits(&time[3..5])?, second, 0).ok()?;
    let local: DateTime = date.to_datetime(time);
    Some(if utc { Moment::Utc(local) } else { Moment::Local(local) })
}

fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}
