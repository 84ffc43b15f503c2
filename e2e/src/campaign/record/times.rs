//! The times that a schedule gives. Simple enough that the checker works them out by itself.

use jiff::{
    ToSpan,
    civil::{DateTime, Weekday},
};

/// How often a task comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Every so many minutes.
    Minutes(i64),
    /// Every so many days.
    Days(i64),
    /// On the 31st of every month that has one.
    Months,
    /// On the 31st, or the last day of a shorter month.
    MonthEnds,
}

/// What becomes of an occurrence on a weekend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weekend {
    /// It stays.
    Keep,
    /// It moves to Monday.
    Monday,
    /// It moves to Friday.
    Friday,
    /// There is none.
    Drop,
}

/// Which times a schedule gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Where the rule starts.
    pub start: DateTime,
    /// The rule.
    pub rule: Rule,
    /// What becomes of weekends.
    pub weekend: Weekend,
}

impl Rule {
    /// As RFC 5545 writes it.
    pub fn text(self) -> String {
        match self {
            Self::Minutes(minutes) => format!("FREQ=MINUTELY;INTERVAL={minutes}"),
            Self::Days(days) => format!("FREQ=DAILY;INTERVAL={days}"),
            Self::Months | Self::MonthEnds => "FREQ=MONTHLY;BYMONTHDAY=31".to_owned(),
        }
    }

    /// The time after so many steps from `start`; `None` where the month has no such day.
    fn step(self, start: DateTime, steps: i64) -> Option<DateTime> {
        match self {
            Self::Minutes(minutes) => Some(start.saturating_add((steps * minutes).minutes())),
            Self::Days(days) => Some(start.saturating_add((steps * days).days())),
            Self::Months | Self::MonthEnds => {
                let last = start.date().first_of_month().saturating_add(steps.months()).last_of_month();
                (last.day() == 31 || self == Self::MonthEnds).then(|| last.to_datetime(start.time()))
            }
        }
    }
}

impl Times {
    /// The nominal starts after this one, in order; and not where that one is moved.
    pub fn after(self, after: Option<DateTime>) -> impl Iterator<Item = DateTime> {
        let place = after.map(|after| self.place(after).unwrap_or(after));
        self.all().filter(move |nominal| Some(*nominal) > after && self.due(*nominal) > place)
    }

    /// Whether there is an occurrence that nominally starts then.
    pub fn gives(self, nominal: DateTime) -> bool {
        self.after(None).take_while(|given| *given <= nominal).any(|given| given == nominal)
    }

    /// Where the rule and the weekend put this nominal start, even if another one is there; `None` if they do not.
    pub fn place(self, nominal: DateTime) -> Option<DateTime> {
        let given = self.all().take_while(|given| *given <= nominal).any(|given| given == nominal);
        self.moved(nominal).filter(|_| given)
    }

    /// When the occurrence is that nominally starts then; `None` if it is dropped. Of several that come to be at one time,
    /// there is the one that was not moved, else the first.
    pub fn due(self, nominal: DateTime) -> Option<DateTime> {
        let due = self.moved(nominal)?;
        let near = self.all().take_while(|other| *other <= nominal.saturating_add(3.days()));
        let mut rivals = near.filter(|other| *other != nominal && self.moved(*other) == Some(due));
        let loses = due != nominal && rivals.any(|other| other == due || other < nominal);
        (!loses).then_some(due)
    }

    /// What the rule gives, before anything is moved.
    fn all(self) -> impl Iterator<Item = DateTime> {
        (0..).filter_map(move |steps| self.rule.step(self.start, steps))
    }

    fn moved(self, nominal: DateTime) -> Option<DateTime> {
        let days = match (self.weekend, nominal.weekday()) {
            (Weekend::Drop, Weekday::Saturday | Weekday::Sunday) => return None,
            (Weekend::Monday, Weekday::Saturday) => 2,
            (Weekend::Monday, Weekday::Sunday) => 1,
            (Weekend::Friday, Weekday::Saturday) => -1,
            (Weekend::Friday, Weekday::Sunday) => -2,
            _ => 0,
        };
        Some(nominal.saturating_add(days.days()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// The first five occurrences, and when they are, by month and day.
    fn first(rule: Rule, weekend: Weekend, (month, day): (i8, i8)) -> Vec<(String, String)> {
        let times = Times { start: date(2026, month, day).at(9, 0, 0, 0), rule, weekend };
        let shown = |time: DateTime| time.strftime("%m-%d").to_string();
        times.after(None).take(5).map(|nominal| (shown(nominal), shown(times.due(nominal).expect("a due")))).collect()
    }

    fn pairs(expected: [(&str, &str); 5]) -> Vec<(String, String)> {
        expected.map(|(nominal, due)| (nominal.to_owned(), due.to_owned())).into()
    }

    #[test]
    fn weekends_move_drop_and_give_way() {
        // The 2nd of October 2026 is a Friday.
        let every = |days, weekend| first(Rule::Days(days), weekend, (10, 2));
        let weekdays =
            [("10-02", "10-02"), ("10-05", "10-05"), ("10-06", "10-06"), ("10-07", "10-07"), ("10-08", "10-08")];
        for weekend in [Weekend::Monday, Weekend::Friday, Weekend::Drop] {
            assert_eq!(every(1, weekend), pairs(weekdays), "{weekend:?}");
        }
        // The 10th would be moved onto the 12th, which stays.
        let to_monday =
            [("10-02", "10-02"), ("10-04", "10-05"), ("10-06", "10-06"), ("10-08", "10-08"), ("10-12", "10-12")];
        assert_eq!(every(2, Weekend::Monday), pairs(to_monday));
        let to_friday =
            [("10-02", "10-02"), ("10-05", "10-05"), ("10-08", "10-08"), ("10-11", "10-09"), ("10-14", "10-14")];
        assert_eq!(every(3, Weekend::Friday), pairs(to_friday));
    }

    #[test]
    fn a_start_that_is_moved_takes_the_place_of_another() {
        let saturday = date(2026, 10, 3).at(9, 0, 0, 0);
        let daily = Times { start: saturday, rule: Rule::Days(1), weekend: Weekend::Monday };
        assert_eq!((daily.gives(saturday), daily.place(saturday)), (false, Some(date(2026, 10, 5).at(9, 0, 0, 0))));
        assert_eq!(daily.after(Some(saturday)).next(), Some(date(2026, 10, 6).at(9, 0, 0, 0)));
    }

    #[test]
    fn short_months_are_left_out_or_end_earlier() {
        let skipped =
            [("08-31", "08-31"), ("10-31", "10-31"), ("12-31", "12-31"), ("01-31", "01-31"), ("03-31", "03-31")];
        assert_eq!(first(Rule::Months, Weekend::Keep, (8, 31)), pairs(skipped));
        let clamped =
            [("08-31", "08-31"), ("09-30", "09-30"), ("10-31", "10-30"), ("11-30", "11-30"), ("12-31", "12-31")];
        assert_eq!(first(Rule::MonthEnds, Weekend::Friday, (8, 31)), pairs(clamped));
    }
}
