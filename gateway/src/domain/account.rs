//! People with accounts.

use mesh_types::{Membership, Timestamp, UserId, Violation, WorkspaceId};

use super::{Error, Grant, Password, Scope, UserEdit};

/// A person with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Which one.
    pub id: UserId,
    /// The address to sign in with, in lower case.
    pub email: String,
    /// What others see, 1 to 100 characters.
    pub display_name: String,
    /// The IANA zone in which the person lives; none is UTC.
    pub time_zone: Option<String>,
    /// When the person's day begins, `HH:MM`; none is 09:00.
    pub day_start: Option<String>,
    /// The workspace that an empty `workspace_id` means.
    pub personal_workspace: WorkspaceId,
    /// When the account was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// Counts its changes from 1.
    pub version: i64,
}

/// A user and what else the gateway knows to let them in.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The person.
    pub user: User,
    /// The password's hash in PHC format; empty for somebody who comes by another issuer.
    pub password_hash: String,
    /// The workspaces the person is a member of.
    pub memberships: Vec<Membership>,
}

/// What somebody who wants an account says of themselves.
#[derive(Clone, Copy, Debug)]
pub struct SignUpForm<'a> {
    /// The e-mail address, in any case.
    pub email: &'a str,
    /// What others shall see; empty is the part of the address before the `@`.
    pub display_name: &'a str,
    /// The IANA zone; empty is UTC.
    pub time_zone: &'a str,
}

impl User {
    /// A new user as `form` describes them.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every field that cannot be.
    pub fn sign_up(form: SignUpForm<'_>, id: UserId, workspace: WorkspaceId, now: Timestamp) -> Result<Self, Error> {
        let email = normal_email(form.email);
        let display_name = match form.display_name.trim() {
            "" => email.split('@').next().unwrap_or(&email).chars().take(100).collect(),
            name => name.to_owned(),
        };
        let mut violations = Vec::new();
        if !email.contains('@') || email.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
            violations.push(Violation::new("email", "string.email", "must be an e-mail address"));
        }
        violations.extend(control_characters("display_name", &display_name));
        let time_zone = known_zone(form.time_zone).unwrap_or_else(|violation| {
            violations.push(violation);
            None
        });
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        Ok(Self {
            id,
            email,
            display_name,
            time_zone,
            day_start: None,
            personal_workspace: workspace,
            create_time: now,
            update_time: now,
            version: 1,
        })
    }

    /// Writes the edits that change something; says which fields those were. Any is one new version.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every edit that cannot be.
    pub fn edit(&mut self, edits: Vec<UserEdit>, now: Timestamp) -> Result<Vec<&'static str>, Error> {
        let mut violations = Vec::new();
        let mut changed = Vec::new();
        for edit in edits {
            match edit.apply(self) {
                Ok(field) => changed.extend(field),
                Err(violation) => violations.push(violation),
            }
        }
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        if !changed.is_empty() {
            self.touch(now);
        }
        Ok(changed)
    }

    /// Counts a change that does not show in the fields.
    pub fn touch(&mut self, now: Timestamp) {
        self.version += 1;
        self.update_time = now;
    }

    /// Identifies this version of the account.
    pub fn etag(&self) -> String {
        format!("{}-{:08x}", self.version, self.id.0.as_u128() & 0xffff_ffff)
    }
}

impl Account {
    /// The hash of the password, for an account that has one.
    pub fn password_hash(&self) -> Option<String> {
        Some(self.password_hash.clone()).filter(|hash| !hash.is_empty())
    }

    /// What a session of this person, known by `session`, may do: everything.
    pub fn session_grant(&self, session: uuid::Uuid) -> Grant {
        self.grant(session, Scope::ALL)
    }

    /// What the token `id` of this person may do.
    pub fn grant(&self, id: uuid::Uuid, scopes: &[Scope]) -> Grant {
        Grant {
            user_id: self.user.id,
            personal_workspace: self.user.personal_workspace,
            memberships: self.memberships.clone(),
            scopes: scopes.to_vec(),
            time_zone: self.user.time_zone.clone(),
            day_start: self.user.day_start.clone(),
            token_id: id,
        }
    }
}

/// The violation that a password commits which everybody could guess.
pub(crate) fn weak_password(field: &'static str, password: &Password, email: &str) -> Option<Violation> {
    let same = normal_email(password.text()) == email;
    same.then(|| Violation::new(field, "password.not_the_address", "must not be the e-mail address"))
}

/// The one spelling of an address: upper and lower case are the same.
pub(crate) fn normal_email(email: &str) -> String {
    email.to_lowercase()
}

/// The violation that `text` commits if it holds control characters, which no name needs and PostgreSQL cannot store.
pub(super) fn control_characters(field: &'static str, text: &str) -> Option<Violation> {
    let found = text.chars().any(char::is_control);
    found.then(|| Violation::new(field, "string.no_control_characters", "must not contain control characters"))
}

pub(super) fn known_zone(name: &str) -> Result<Option<String>, Violation> {
    if name.is_empty() {
        return Ok(None);
    }
    let unknown = || Violation::new("time_zone", "string.time_zone", "must be the name of an IANA time zone");
    mesh_types::zone(name).map(|(canonical, _)| Some(canonical)).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn sign_up(email: &str, display_name: &str, time_zone: &str) -> Result<User, Error> {
        let form = SignUpForm { email, display_name, time_zone };
        User::sign_up(form, UserId(Uuid::nil()), WorkspaceId(Uuid::nil()), Timestamp::from_micros(1))
    }

    #[test]
    fn addresses_are_kept_in_lower_case_and_name_the_person_by_default() {
        let user = sign_up("Ada@Example.COM", "  ", "").expect("valid");
        assert_eq!((user.email.as_str(), user.display_name.as_str()), ("ada@example.com", "ada"));
        assert_eq!(user.time_zone, None);
    }

    #[test]
    fn every_field_that_cannot_be_is_told_at_once() {
        let Err(Error::Invalid(violations)) = sign_up("a b", "x\0y", "../etc/passwd") else { panic!("accepted") };
        let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["email", "display_name", "time_zone"]);
    }

    #[test]
    fn zones_get_their_canonical_spelling() {
        assert_eq!(sign_up("a@b.c", "", "europe/berlin").expect("valid").time_zone.as_deref(), Some("Europe/Berlin"));
    }
}
