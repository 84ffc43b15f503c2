//! The calendar as numbers: days since 1970-01-01 and seconds since its midnight, without a zone.
//!
//! Expansion looks at millions of days; plain numbers are what makes that cheap.

use jiff::civil::{Date, DateTime, Time};

/// Seconds in a day.
pub(crate) const DAY: i64 = 86_400;
/// After so many days the calendar repeats, weekdays included.
pub(crate) const CALENDAR_DAYS: i64 = 146_097;

/// The day's number (Howard Hinnant's days_from_civil).
pub(crate) fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * CALENDAR_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The year, month and day of a day's number.
pub(crate) fn year_month_day(day: i64) -> (i64, i64, i64) {
    let days = day + 719_468;
    let day_of_era = days.rem_euclid(CALENDAR_DAYS);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + days.div_euclid(CALENDAR_DAYS) * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// The weekday, 0 is Monday.
pub(crate) fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

pub(crate) fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

pub(crate) fn year_length(year: i64) -> i64 {
    365 + i64::from(is_leap(year))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The first day of the week that holds this day.
pub(crate) fn week_start(day: i64, first_weekday: i64) -> i64 {
    day - (weekday(day) - first_weekday).rem_euclid(7)
}

pub(crate) fn day_of(date: Date) -> i64 {
    day_number(date.year().into(), date.month().into(), date.day().into())
}

pub(crate) fn seconds_of(local: DateTime) -> i64 {
    let time = i64::from(local.hour()) * 3600 + i64::from(local.minute()) * 60 + i64::from(local.second());
    day_of(local.date()) * DAY + time
}

/// The date of a day's number; days beyond what jiff holds are its first or last.
pub(crate) fn to_date(day: i64) -> Date {
    let day = day.clamp(day_of(Date::MIN), day_of(Date::MAX));
    let (year, month, day) = year_month_day(day);
    Date::new(year as i16, month as i8, day as i8).unwrap_or_default()
}

pub(crate) fn to_datetime(seconds: i64) -> DateTime {
    let second = seconds.rem_euclid(DAY);
    let time = Time::new((second / 3600) as i8, (second / 60 % 60) as i8, (second % 60) as i8, 0).unwrap_or_default();
    to_date(seconds.div_euclid(DAY)).to_datetime(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_agree_with_jiff_over_four_centuries() {
        let mut date = jiff::civil::date(1899, 12, 31);
        let mut day = day_of(date);
        while date.year() < 2301 {
            assert_eq!(to_date(day), date);
            assert_eq!(weekday(day), i64::from(date.weekday().to_monday_zero_offset()));
            assert_eq!(month_length(date.year().into(), date.month().into()), i64::from(date.days_in_month()));
            assert_eq!(year_length(date.year().into()), i64::from(date.days_in_year()));
            date = date.tomorrow().unwrap();
            day += 1;
            assert_eq!(day_of(date), day);
        }
    }
}
