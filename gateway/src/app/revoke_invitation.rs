//! RevokeInvitation: takes an invitation back before somebody uses it.

use mesh_types::{Caller, Fault};
use uuid::Uuid;

use crate::domain::{ChangedThing, Invitation};

use super::{App, change};

impl App {
    /// Takes back one of the caller's invitations; doing so again changes nothing.
    ///
    /// # Errors
    /// NOT_FOUND for an invitation that is not the caller's, FAILED_PRECONDITION for one that was accepted.
    pub async fn revoke_invitation(&self, caller: &Caller, id: Uuid) -> Result<Invitation, Fault> {
        let now = self.now();
        let revoke = |invitation: &mut Invitation| {
            let revoked = invitation.revoke(now)?;
            Ok(revoked.then(|| change(caller, now, ChangedThing::InvitationRevoked(invitation.clone()))))
        };
        self.store.update_invitation(caller.actor.user_id, id, revoke).await
    }
}
