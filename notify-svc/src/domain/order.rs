//! In which order notifications are listed.

use std::{fmt, str::FromStr};

use super::Notification;

/// What notifications can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortField {
    /// When they came.
    CreateTime,
    /// When they were last changed.
    UpdateTime,
    /// When what they tell was meant to happen.
    EventTime,
}

impl SortField {
    const ALL: [Self; 3] = [Self::CreateTime, Self::UpdateTime, Self::EventTime];

    /// Its name in `order_by`.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateTime => "create_time",
            Self::UpdateTime => "update_time",
            Self::EventTime => "event_time",
        }
    }

    /// What `notification` sorts by, in microseconds.
    pub(super) fn value(self, notification: &Notification) -> i64 {
        let instant = match self {
            Self::CreateTime => notification.create_time,
            Self::UpdateTime => notification.update_time,
            Self::EventTime => notification.event_time,
        };
        instant.as_micros()
    }
}

/// Which end comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The earliest.
    #[default]
    Ascending,
    /// The latest.
    Descending,
}

/// An order of notifications: fields in order of weight. The id breaks ties, in the direction of the last field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBy(Vec<(SortField, Direction)>);

/// Why a text is no order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// It names a field that cannot be ordered by.
    #[error("notifications cannot be ordered by this field")]
    FieldUnknown,
    /// After a field comes something else than `asc` or `desc`.
    #[error("after a field there may be asc or desc")]
    DirectionUnknown,
    /// It names a field twice.
    #[error("a field may be named once")]
    FieldRepeated,
}

impl OrderBy {
    /// The fields and their directions; never empty.
    pub fn fields(&self) -> &[(SortField, Direction)] {
        &self.0
    }

    /// The direction in which the id breaks ties.
    pub fn tie_break(&self) -> Direction {
        self.0.last().map_or_else(Direction::default, |(_, direction)| *direction)
    }
}

impl Default for OrderBy {
    /// Newest first.
    fn default() -> Self {
        Self(vec![(SortField::CreateTime, Direction::Descending)])
    }
}

impl FromStr for OrderBy {
    type Err = OrderError;

    fn from_str(text: &str) -> Result<Self, OrderError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut fields: Vec<(SortField, Direction)> = Vec::new();
        for part in text.split(',') {
            let (field, direction) = parse_part(part)?;
            if fields.iter().any(|(known, _)| *known == field) {
                return Err(OrderError::FieldRepeated);
            }
            fields.push((field, direction));
        }
        Ok(Self(fields))
    }
}

fn parse_part(part: &str) -> Result<(SortField, Direction), OrderError> {
    let mut words = part.split_whitespace();
    let name = words.next().ok_or(OrderError::FieldUnknown)?;
    let field = SortField::ALL.into_iter().find(|known| known.name() == name).ok_or(OrderError::FieldUnknown)?;
    let direction = match words.next() {
        None | Some("asc") => Direction::Ascending,
        Some("desc") => Direction::Descending,
        Some(_) => return Err(OrderError::DirectionUnknown),
    };
    if words.next().is_some() {
        return Err(OrderError::DirectionUnknown);
    }
    Ok((field, direction))
}

impl fmt::Display for OrderBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (field, direction)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            let suffix = if *direction == Direction::Descending { " desc" } else { "" };
            write!(formatter, "{separator}{}{suffix}", field.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_order_of_weight() {
        let order: OrderBy = " event_time desc , create_time".parse().expect("an order");
        assert_eq!(order.to_string(), "event_time desc,create_time");
        assert_eq!(order.tie_break(), Direction::Ascending);
        assert_eq!("".parse::<OrderBy>().expect("the default").to_string(), "create_time desc");
    }

    #[test]
    fn what_is_no_order_is_refused() {
        let cases = [
            ("title", OrderError::FieldUnknown),
            ("create_time,", OrderError::FieldUnknown),
            ("create_time down", OrderError::DirectionUnknown),
            ("create_time desc desc", OrderError::DirectionUnknown),
            ("create_time,create_time desc", OrderError::FieldRepeated),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<OrderBy>(), Err(error), "{text}");
        }
    }
}
