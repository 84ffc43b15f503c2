//! In which order schedules are listed, and where a page of them ends.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Direction, Schedule};

/// A field to order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScheduleSort {
    /// When it was created.
    CreateTime,
    /// When it was last changed.
    UpdateTime,
    /// When its next occurrence is; schedules without one come last, whatever the direction.
    NextTime,
}

impl ScheduleSort {
    const ALL: [(&'static str, Self); 3] =
        [("create_time", Self::CreateTime), ("update_time", Self::UpdateTime), ("next_time", Self::NextTime)];

    /// What a schedule without a next occurrence sorts by.
    pub const NEVER: i64 = i64::MAX;

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }

    /// What `schedule` sorts by: an instant in microseconds.
    fn of(self, schedule: &Schedule) -> i64 {
        match self {
            Self::CreateTime => schedule.create_time.as_micros(),
            Self::UpdateTime => schedule.update_time.as_micros(),
            Self::NextTime => schedule.next.map_or(Self::NEVER, |next| next.time.as_micros()),
        }
    }
}

/// An order of schedules: fields in order of weight. The id breaks ties, in the direction of the last field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleOrder(Vec<(ScheduleSort, Direction)>);

/// Why a text is no order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleOrderError {
    /// It names a field that cannot be ordered by.
    #[error("schedules cannot be ordered by this field")]
    FieldUnknown,
    /// After a field comes something else than `asc` or `desc`.
    #[error("after a field there may be asc or desc")]
    DirectionUnknown,
    /// It names a field twice.
    #[error("a field may be named once")]
    FieldRepeated,
}

impl ScheduleOrder {
    /// The fields and their directions; never empty.
    pub fn fields(&self) -> &[(ScheduleSort, Direction)] {
        &self.0
    }

    /// The direction in which the id breaks ties.
    pub fn tie_break(&self) -> Direction {
        self.0.last().map_or(Direction::Ascending, |(_, direction)| *direction)
    }
}

impl FromStr for ScheduleOrder {
    type Err = ScheduleOrderError;

    fn from_str(text: &str) -> Result<Self, ScheduleOrderError> {
        if text.trim().is_empty() {
            return Ok(Self(vec![(ScheduleSort::CreateTime, Direction::Ascending)]));
        }
        let mut fields: Vec<(ScheduleSort, Direction)> = Vec::new();
        for part in text.split(',') {
            let (field, direction) = parse_part(part)?;
            if fields.iter().any(|(known, _)| *known == field) {
                return Err(ScheduleOrderError::FieldRepeated);
            }
            fields.push((field, direction));
        }
        Ok(Self(fields))
    }
}

fn parse_part(part: &str) -> Result<(ScheduleSort, Direction), ScheduleOrderError> {
    let words: Vec<&str> = part.split_whitespace().collect();
    let name = words.first().ok_or(ScheduleOrderError::FieldUnknown)?;
    let known = ScheduleSort::ALL.iter().find(|(known, _)| known == name);
    let (_, field) = known.ok_or(ScheduleOrderError::FieldUnknown)?;
    match words.get(1..).unwrap_or_default() {
        [] | ["asc"] => Ok((*field, Direction::Ascending)),
        ["desc"] => Ok((*field, Direction::Descending)),
        _ => Err(ScheduleOrderError::DirectionUnknown),
    }
}

impl fmt::Display for ScheduleOrder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (field, direction)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            let suffix = if *direction == Direction::Descending { " desc" } else { "" };
            write!(formatter, "{separator}{}{suffix}", field.name())?;
        }
        Ok(())
    }
}

/// The sort values of the last schedule of a page, and its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleKey {
    /// One value for each field of the order: instants in microseconds.
    pub values: Vec<i64>,
    /// Breaks ties.
    pub id: Uuid,
}

impl ScheduleKey {
    /// The place right after `schedule` in `order`.
    pub fn after(schedule: &Schedule, order: &ScheduleOrder) -> Self {
        Self { values: order.fields().iter().map(|(field, _)| field.of(schedule)).collect(), id: schedule.id }
    }

    /// Whether it is of the form that `order` needs. (A page token is not a secret; anybody can make one.)
    pub fn fits(&self, order: &ScheduleOrder) -> bool {
        self.values.len() == order.fields().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_order_of_weight() {
        let order: ScheduleOrder = " next_time desc , create_time".parse().expect("an order");
        assert_eq!(order.to_string(), "next_time desc,create_time");
        assert_eq!(order.tie_break(), Direction::Ascending);
        assert_eq!("".parse::<ScheduleOrder>().expect("the default").to_string(), "create_time");
    }

    #[test]
    fn what_is_no_order_is_refused() {
        let cases = [
            ("title", ScheduleOrderError::FieldUnknown),
            ("next_time,", ScheduleOrderError::FieldUnknown),
            ("next_time down", ScheduleOrderError::DirectionUnknown),
            ("next_time desc desc", ScheduleOrderError::DirectionUnknown),
            ("next_time,next_time desc", ScheduleOrderError::FieldRepeated),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<ScheduleOrder>(), Err(error), "{text}");
        }
    }
}
