//! API tokens: what a person gives to a program.

use mesh_types::{ApiTokenId, Timestamp, UserId, Violation, WorkspaceId};

use super::{Error, Scope, account::control_characters};

/// A token that a person made for a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Which one.
    pub id: ApiTokenId,
    /// Whose.
    pub user_id: UserId,
    /// The owner's personal workspace, to which its events belong.
    pub workspace_id: WorkspaceId,
    /// What it is for, 1 to 100 characters.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it ends, if ever.
    pub expire_time: Option<Timestamp>,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_time: Option<Timestamp>,
    /// When it was revoked.
    pub revoke_time: Option<Timestamp>,
    /// The first characters of the secret.
    pub hint: String,
    /// Counts its changes from 1.
    pub version: i64,
}

/// What a person says of a token they want.
#[derive(Clone, Debug)]
pub struct ApiTokenForm {
    /// What it is for.
    pub name: String,
    /// What it shall do; empty is everything its maker may do but manage the account.
    pub scopes: Vec<String>,
    /// When it shall end.
    pub expire_time: Option<Timestamp>,
}

impl ApiTokenForm {
    /// Checks the form; yields the scopes that the token gets from a maker who holds `held`.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every field that cannot be; [`Error::ScopeNotHeld`].
    pub fn check(&self, held: &[String], now: Timestamp) -> Result<Vec<Scope>, Error> {
        let mut violations = Vec::new();
        if self.name.trim().is_empty() {
            violations.push(Violation::new("token.name", "required", "a token needs a name"));
        }
        violations.extend(control_characters("token.name", &self.name));
        if self.expire_time.is_some_and(|end| end <= now) {
            let rule = "timestamp.gt_now";
            violations.push(Violation::new("token.expire_time", rule, "must be in the future"));
        }
        let mut scopes = Vec::new();
        for (index, text) in self.scopes.iter().enumerate() {
            match text.parse() {
                Ok(scope) => scopes.push(scope),
                Err(_) => violations.push(unknown_scope(index)),
            }
        }
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        allowed(scopes, held)
    }
}

impl ApiToken {
    /// Checks that the token may be used at `now`.
    ///
    /// # Errors
    /// When it was revoked or has expired.
    pub fn check_usable(&self, now: Timestamp) -> Result<(), Error> {
        if self.revoke_time.is_some() {
            return Err(Error::CredentialUnknown);
        }
        if self.expire_time.is_some_and(|end| end <= now) {
            return Err(Error::ApiTokenExpired);
        }
        Ok(())
    }

    /// Ends the token; says whether that changed anything.
    pub fn revoke(&mut self, now: Timestamp) -> bool {
        if self.revoke_time.is_some() {
            return false;
        }
        self.revoke_time = Some(now);
        self.version += 1;
        true
    }
}

/// The scopes asked for, if the maker holds them all; by default the maker's own without the account's.
fn allowed(asked: Vec<Scope>, held: &[String]) -> Result<Vec<Scope>, Error> {
    let holds = |scope: &Scope| held.iter().any(|text| text == scope.as_str());
    if asked.is_empty() {
        return Ok(Scope::ALL.iter().copied().filter(|scope| scope.by_default() && holds(scope)).collect());
    }
    let missing: Vec<_> = asked.iter().filter(|scope| !holds(scope)).map(|scope| scope.as_str()).collect();
    if missing.is_empty() { Ok(asked) } else { Err(Error::ScopeNotHeld { missing }) }
}

fn unknown_scope(index: usize) -> Violation {
    let known: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let description = format!("must be one of {}", known.join(", "));
    Violation::new(format!("token.scopes[{index}]"), "string.in", description)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(scopes: &[&str]) -> ApiTokenForm {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        ApiTokenForm { name: "laptop".to_owned(), scopes, expire_time: None }
    }

    fn everything() -> Vec<String> {
        Scope::ALL.iter().map(|scope| scope.as_str().to_owned()).collect()
    }

    #[test]
    fn by_default_a_token_may_do_everything_but_manage_the_account() {
        let scopes = form(&[]).check(&everything(), Timestamp::from_micros(0)).expect("valid");
        assert_eq!(scopes.len(), Scope::ALL.len() - 1);
        assert!(!scopes.contains(&Scope::AccountWrite));
    }

    #[test]
    fn a_token_cannot_do_more_than_its_maker() {
        let held = ["tasks.read".to_owned()];
        let refused = form(&["tasks.read", "tasks.write"]).check(&held, Timestamp::from_micros(0));
        assert_eq!(refused, Err(Error::ScopeNotHeld { missing: vec!["tasks.write"] }));
        assert_eq!(form(&[]).check(&held, Timestamp::from_micros(0)), Ok(vec![Scope::TasksRead]));
    }

    #[test]
    fn unknown_scopes_and_a_past_end_are_told_at_once() {
        let mut form = form(&["tasks.read", "tasks.fly"]);
        form.expire_time = Some(Timestamp::from_micros(5));
        let Err(Error::Invalid(violations)) = form.check(&everything(), Timestamp::from_micros(5)) else {
            panic!("accepted")
        };
        let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["token.expire_time", "token.scopes[1]"]);
    }
}
