//! Who somebody is by the word of another issuer.

use mesh_types::{Timestamp, UserId, WorkspaceId};

use super::{Error, SignUpForm, User};

/// What a trusted issuer says of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalIdentity {
    /// Which issuer.
    pub issuer: String,
    /// Its own, lasting name for the person.
    pub subject: String,
    /// Their e-mail address, if the issuer has verified it.
    pub verified_email: Option<String>,
    /// What they are called.
    pub name: Option<String>,
}

impl ExternalIdentity {
    /// The account of somebody who comes for the first time.
    ///
    /// # Errors
    /// [`Error::EmailNotVerified`] without an address that the issuer vouches for.
    pub fn sign_up(&self, id: UserId, workspace: WorkspaceId, now: Timestamp) -> Result<User, Error> {
        let email = self.verified_email.as_deref().ok_or(Error::EmailNotVerified)?;
        let visible = |letter: &char| !letter.is_control();
        let name: String = self.name.iter().flat_map(|name| name.chars()).filter(visible).take(100).collect();
        User::sign_up(SignUpForm { email, display_name: &name, time_zone: "" }, id, workspace, now)
    }
}
