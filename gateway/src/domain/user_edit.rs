//! What people may change of what they say of themselves.

use mesh_types::Violation;

use super::{
    User,
    account::{control_characters, known_zone},
};

/// A new value of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserEdit {
    /// What others see.
    DisplayName(String),
    /// The IANA zone; empty is UTC.
    TimeZone(String),
    /// When the day begins, `HH:MM`; empty is 09:00.
    DayStart(String),
}

impl UserEdit {
    /// Writes it; says which field that changed, if any.
    pub(super) fn apply(self, user: &mut User) -> Result<Option<&'static str>, Violation> {
        match self {
            Self::DisplayName(text) => {
                let name = text.trim().to_owned();
                if let Some(violation) = control_characters("user.display_name", &name) {
                    return Err(violation);
                }
                if name.is_empty() {
                    return Err(Violation::new("user.display_name", "required", "a person needs a name"));
                }
                let changed = user.display_name != name;
                user.display_name = name;
                Ok(changed.then_some("display_name"))
            }
            Self::TimeZone(name) => {
                let zone = known_zone(&name)
                    .map_err(|violation| Violation { field: "user.time_zone".to_owned(), ..violation })?;
                let changed = user.time_zone != zone;
                user.time_zone = zone;
                Ok(changed.then_some("time_zone"))
            }
            Self::DayStart(text) => {
                let day_start = known_day_start(&text)?;
                let changed = user.day_start != day_start;
                user.day_start = day_start;
                Ok(changed.then_some("day_start"))
            }
        }
    }
}

fn known_day_start(text: &str) -> Result<Option<String>, Violation> {
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let below = |part: &str, end: u8| two_digits(part) && part.parse().is_ok_and(|number: u8| number < end);
    match text.split_once(':') {
        None if text.is_empty() => Ok(None),
        Some((hour, minute)) if below(hour, 24) && below(minute, 60) => Ok(Some(text.to_owned())),
        _ => Err(Violation::new("user.day_start", "string.pattern", "must be a time of day, HH:MM")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_a_minute_of_it() {
        for text in ["00:00", "09:30", "23:59"] {
            assert_eq!(known_day_start(text), Ok(Some(text.to_owned())));
        }
        assert_eq!(known_day_start(""), Ok(None));
        for text in ["24:00", "09:60", "9:00", "09:0", "+9:00", "09-00", "09:00:00", ":"] {
            assert!(known_day_start(text).is_err(), "{text}");
        }
    }
}
