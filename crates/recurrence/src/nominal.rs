//! The nominal local start: what a rule gives before any zone or policy has a say, and the name of an occurrence.

use std::{cmp::Ordering, fmt, str::FromStr};

use jiff::civil::{Date, DateTime, Time};

/// Where rules start, and the nominal local start of an occurrence (RFC 5545's RECURRENCE-ID).
///
/// As text it is `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SS`, nothing else. A day sorts before the wall times on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nominal {
    /// A whole day.
    Date(Date),
    /// A wall time, to the second.
    Local(DateTime),
}

/// The text is not a [`Nominal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a day, YYYY-MM-DD, or a wall time, YYYY-MM-DDTHH:MM:SS")]
pub struct NominalError;

impl Nominal {
    /// The day.
    pub fn date(self) -> Date {
        match self {
            Nominal::Date(date) => date,
            Nominal::Local(local) => local.date(),
        }
    }

    /// The wall time; of a whole day, its midnight.
    pub fn datetime(self) -> DateTime {
        match self {
            Nominal::Date(date) => date.to_datetime(Time::midnight()),
            Nominal::Local(local) => local,
        }
    }

    /// Whether it is a whole day.
    pub fn is_date(self) -> bool {
        matches!(self, Nominal::Date(_))
    }
}

impl Ord for Nominal {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.datetime(), !self.is_date()).cmp(&(other.datetime(), !other.is_date()))
    }
}

impl PartialOrd for Nominal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Nominal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date();
        write!(formatter, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day())?;
        match self {
            Nominal::Date(_) => Ok(()),
            Nominal::Local(at) => write!(formatter, "T{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second()),
        }
    }
}

impl FromStr for Nominal {
    type Err = NominalError;

    fn from_str(text: &str) -> Result<Self, NominalError> {
        let shape = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
        let shape: Vec<u8> = text.bytes().take(20).map(shape).collect();
        match shape.as_slice() {
            b"0000-00-00" => Ok(Nominal::Date(read_date(text)?)),
            b"0000-00-00T00:00:00" => {
                let (date, time) = text.split_at(10);
                let time = Time::new(number(&time[1..3])?, number(&time[4..6])?, number(&time[7..9])?, 0);
                Ok(Nominal::Local(read_date(date)?.to_datetime(time.map_err(|_| NominalError)?)))
            }
            _ => Err(NominalError),
        }
    }
}

fn read_date(text: &str) -> Result<Date, NominalError> {
    Date::new(number(&text[0..4])?, number(&text[5..7])?, number(&text[8..10])?).map_err(|_| NominalError)
}

fn number<T: FromStr>(digits: &str) -> Result<T, NominalError> {
    digits.parse().map_err(|_| NominalError)
}
