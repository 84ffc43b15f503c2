//! In which order things are listed (AIP-132, `order_by`).

use std::{fmt, str::FromStr};

use crate::{ErrorKind, Fault, Reason};

/// What things of one kind can be ordered by.
pub trait SortField: Copy + Eq + 'static {
    /// What is ordered, in the plural.
    const THINGS: &'static str;
    /// Every field, by its name in `order_by`.
    const ALL: &'static [(&'static str, Self)];
    /// The order when none is asked for.
    const DEFAULT: (Self, Direction);
}

/// Which end comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The smallest, or earliest.
    #[default]
    Ascending,
    /// The largest, or latest.
    Descending,
}

/// An order: fields in order of weight. The id breaks ties, in the direction of the last field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBy<F>(Vec<(F, Direction)>);

/// Why a text is no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// It names a field that these things cannot be ordered by.
    #[error("{0} cannot be ordered by this field")]
    FieldUnknown(&'static str),
    /// After a field comes something else than `asc` or `desc`.
    #[error("after a field there may be asc or desc")]
    DirectionUnknown,
    /// It names a field twice.
    #[error("a field may be named once")]
    FieldRepeated,
}

impl<F: SortField> OrderBy<F> {
    /// The fields and their directions; never empty.
    pub fn fields(&self) -> &[(F, Direction)] {
        &self.0
    }

    /// The direction in which the id breaks ties.
    pub fn tie_break(&self) -> Direction {
        self.0.last().map_or_else(Direction::default, |(_, direction)| *direction)
    }
}

impl<F: SortField> Default for OrderBy<F> {
    fn default() -> Self {
        Self(vec![F::DEFAULT])
    }
}

impl<F: SortField> FromStr for OrderBy<F> {
    type Err = OrderError;

    fn from_str(text: &str) -> Result<Self, OrderError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut fields: Vec<(F, Direction)> = Vec::new();
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

fn parse_part<F: SortField>(part: &str) -> Result<(F, Direction), OrderError> {
    let unknown = || OrderError::FieldUnknown(F::THINGS);
    let words: Vec<&str> = part.split_whitespace().collect();
    let (name, direction) = words.split_first().ok_or_else(unknown)?;
    let (_, field) = F::ALL.iter().find(|(known, _)| known == name).ok_or_else(unknown)?;
    match direction {
        [] | ["asc"] => Ok((*field, Direction::Ascending)),
        ["desc"] => Ok((*field, Direction::Descending)),
        _ => Err(OrderError::DirectionUnknown),
    }
}

impl<F: SortField> fmt::Display for OrderBy<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (field, direction)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            let suffix = if *direction == Direction::Descending { " desc" } else { "" };
            let name = F::ALL.iter().find(|(_, known)| known == field).map_or("", |(name, _)| name);
            write!(formatter, "{separator}{name}{suffix}")?;
        }
        Ok(())
    }
}

impl From<OrderError> for Fault {
    fn from(error: OrderError) -> Self {
        Self::new(ErrorKind::InvalidArgument, Reason::OrderByInvalid, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Field {
        Due,
        Priority,
    }

    impl SortField for Field {
        const THINGS: &'static str = "tasks";
        const ALL: &'static [(&'static str, Self)] = &[("due", Self::Due), ("priority", Self::Priority)];
        const DEFAULT: (Self, Direction) = (Self::Due, Direction::Descending);
    }

    #[test]
    fn fields_are_read_in_order_of_weight() {
        let order: OrderBy<Field> = " priority desc , due".parse().expect("an order");
        assert_eq!(order.to_string(), "priority desc,due");
        assert_eq!(order.tie_break(), Direction::Ascending);
        assert_eq!("due asc".parse::<OrderBy<Field>>().expect("an order").to_string(), "due");
        assert_eq!(" ".parse::<OrderBy<Field>>().expect("the default").to_string(), "due desc");
    }

    #[test]
    fn what_is_no_order_is_refused() {
        let cases = [
            ("description", OrderError::FieldUnknown("tasks")),
            ("due,", OrderError::FieldUnknown("tasks")),
            ("due down", OrderError::DirectionUnknown),
            ("due desc desc", OrderError::DirectionUnknown),
            ("due,due desc", OrderError::FieldRepeated),
            ("due; drop table task", OrderError::FieldUnknown("tasks")),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<OrderBy<Field>>(), Err(error), "{text}");
        }
        assert_eq!(OrderError::FieldUnknown("tasks").to_string(), "tasks cannot be ordered by this field");
    }
}
