//! Invitations: one person lets another sign up, once.

use std::time::Duration;

use mesh_types::{Timestamp, UserId, Violation, WorkspaceId};
use uuid::Uuid;

use super::{Error, normal_email};

/// For how long an invitation is good unless its maker says otherwise, and at most.
const USUAL_LIFE: Duration = Duration::from_secs(7 * 86_400);
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 86_400);

/// An invitation to sign up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Which one.
    pub id: Uuid,
    /// Who invites.
    pub user_id: UserId,
    /// The inviter's personal workspace, to which its events belong.
    pub workspace_id: WorkspaceId,
    /// The only address that may use it, in lower case; none is any.
    pub email: Option<String>,
    /// When it was made.
    pub create_time: Timestamp,
    /// When it ends.
    pub expire_time: Timestamp,
    /// When somebody signed up with it.
    pub accept_time: Option<Timestamp>,
    /// When it was taken back.
    pub revoke_time: Option<Timestamp>,
    /// The first characters of the code.
    pub hint: String,
    /// Counts its changes from 1.
    pub version: i64,
}

/// What somebody says of an invitation they want.
#[derive(Clone, Debug)]
pub struct InvitationForm {
    /// Whom it is for; none is anybody.
    pub email: Option<String>,
    /// When it shall end.
    pub expire_time: Option<Timestamp>,
}

impl InvitationForm {
    /// Whom it is for and when it ends.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub fn check(self, now: Timestamp) -> Result<(Option<String>, Timestamp), Error> {
        let expire_time = self.expire_time.unwrap_or(now.plus(USUAL_LIFE));
        if expire_time <= now || expire_time > now.plus(LONGEST_LIFE) {
            let field = "invitation.expire_time";
            let violation = Violation::new(field, "timestamp.within", "must be within the next 30 days");
            return Err(Error::Invalid(vec![violation]));
        }
        Ok((self.email.map(|email| normal_email(&email)), expire_time))
    }
}

impl Invitation {
    /// Checks that whoever has this address (in lower case) may sign up with it at `now`.
    ///
    /// # Errors
    /// [`Error::InvitationInvalid`], which does not say why.
    pub fn check_usable(&self, email: &str, now: Timestamp) -> Result<(), Error> {
        let open = self.accept_time.is_none() && self.revoke_time.is_none() && now < self.expire_time;
        let theirs = self.email.as_ref().is_none_or(|only| only == email);
        if open && theirs { Ok(()) } else { Err(Error::InvitationInvalid) }
    }

    /// Lets whoever has this address in: nobody else comes in by it.
    ///
    /// # Errors
    /// As [`Self::check_usable`].
    pub fn accept(&mut self, email: &str, now: Timestamp) -> Result<(), Error> {
        self.check_usable(email, now)?;
        self.accept_time = Some(now);
        self.version += 1;
        Ok(())
    }

    /// Takes it back; says whether that changed anything.
    ///
    /// # Errors
    /// [`Error::InvitationAccepted`].
    pub fn revoke(&mut self, now: Timestamp) -> Result<bool, Error> {
        if self.accept_time.is_some() {
            return Err(Error::InvitationAccepted);
        }
        if self.revoke_time.is_some() {
            return Ok(false);
        }
        self.revoke_time = Some(now);
        self.version += 1;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invitation(email: Option<&str>) -> Invitation {
        let now = Timestamp::from_micros(0);
        Invitation {
            id: Uuid::nil(),
            user_id: UserId(Uuid::nil()),
            workspace_id: WorkspaceId(Uuid::nil()),
            email: email.map(str::to_owned),
            create_time: now,
            expire_time: now.plus(USUAL_LIFE),
            accept_time: None,
            revoke_time: None,
            hint: String::new(),
            version: 1,
        }
    }

    #[test]
    fn an_invitation_lets_one_person_in_once() {
        let now = Timestamp::from_micros(1);
        let mut one = invitation(None);
        one.accept("ada@example.com", now).expect("the first");
        assert_eq!(one.accept("eve@example.com", now), Err(Error::InvitationInvalid));
        assert_eq!(one.revoke(now), Err(Error::InvitationAccepted));
    }

    #[test]
    fn it_is_good_for_its_address_and_its_time_only() {
        let mut one = invitation(Some("ada@example.com"));
        assert_eq!(one.check_usable("eve@example.com", one.create_time), Err(Error::InvitationInvalid));
        assert_eq!(one.check_usable("ada@example.com", one.expire_time), Err(Error::InvitationInvalid));
        assert_eq!(one.revoke(one.create_time), Ok(true));
        assert_eq!(one.check_usable("ada@example.com", one.create_time), Err(Error::InvitationInvalid));
    }

    #[test]
    fn it_ends_within_a_month() {
        let now = Timestamp::from_micros(0);
        let form = |expire_time| InvitationForm { email: Some("ADA@b.c".to_owned()), expire_time };
        assert_eq!(form(None).check(now), Ok((Some("ada@b.c".to_owned()), now.plus(USUAL_LIFE))));
        for end in [now, now.plus(LONGEST_LIFE + Duration::from_secs(1))] {
            assert!(form(Some(end)).check(now).is_err());
        }
    }
}
