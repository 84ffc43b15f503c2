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
        }
    }
}
