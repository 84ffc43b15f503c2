//! CreateInvitation: a code with which somebody else may sign up, shown this once.

use mesh_types::{Caller, Fault, new_id};

use crate::domain::{ChangedThing, Invitation, InvitationForm, Token};

use super::{App, change, random};

/// How many invitations of one person may be open at a time.
const MOST_OPEN: u64 = 20;

/// An invitation and its code.
pub struct NewInvitation {
    /// The invitation as it is kept.
    pub invitation: Invitation,
    /// What the invited person signs up with.
    pub code: String,
}

impl App {
    /// Invites somebody to sign up.
    ///
    /// # Errors
    /// INVALID_ARGUMENT; RESOURCE_EXHAUSTED when too many are open.
    pub async fn create_invitation(&self, caller: &Caller, form: InvitationForm) -> Result<NewInvitation, Fault> {
        let now = self.now();
        let (email, expire_time) = form.check(now)?;
        let code = Token::invitation(random()?);
        let invitation = Invitation {
            id: new_id(now),
            user_id: caller.actor.user_id,
            workspace_id: caller.personal_workspace,
            email,
            create_time: now,
            expire_time,
            accept_time: None,
            revoke_time: None,
            hint: code.hint(),
            version: 1,
        };
        let change = change(caller, now, ChangedThing::InvitationCreated(invitation.clone()));
        self.store.create_invitation(&invitation, code.digest(), MOST_OPEN, &change).await?;
        Ok(NewInvitation { invitation, code: code.reveal() })
    }
}
