//! Getting in by the word of another issuer: the account that belongs to its name for the person, or, the first time, a new
//! one.

use mesh_types::{Actor, Fault, Membership, Reason, Role, Timestamp, UserId, WorkspaceId, new_id};
use uuid::Uuid;

use crate::{
    clients::issuers::{ExternalToken, Issuers},
    domain::{Account, Change, ChangedThing, Error, ExternalIdentity, SignUpPolicy},
    store::Store,
};

/// Lets people in by other issuers. Cheap to clone.
#[derive(Clone)]
pub struct ExternalSignIn {
    issuers: Issuers,
    sign_up: SignUpPolicy,
}

impl ExternalSignIn {
    /// By these issuers; whether they may bring new people is up to `sign_up`.
    pub fn new(issuers: Issuers, sign_up: SignUpPolicy) -> Self {
        Self { issuers, sign_up }
    }

    /// Whether a credential says that it is of one of the issuers.
    pub(super) fn issued(&self, credential: &str) -> bool {
        self.issuers.issued(credential)
    }

    /// Whose token it is, by which identity, and when the token ends.
    ///
    /// # Errors
    /// UNAUTHENTICATED for a token that is not to be believed; FAILED_PRECONDITION for somebody who has no account and
    /// gets none.
    pub(super) async fn find(
        &self,
        store: &Store,
        token: &str,
        now: Timestamp,
    ) -> Result<(Uuid, Account, Timestamp), Fault> {
        let ExternalToken { identity, expire_time } = self.issuers.verify(token, now).await?;
        if let Some((id, account)) = store.find_external(&identity).await? {
            return Ok((id, account, expire_time));
        }
        match self.admit(store, &identity, now).await {
            Ok((id, account)) => Ok((id, account, expire_time)),
            // Two calls at once, and the other was first; or somebody else has the address.
            Err(fault) if fault.reason == Reason::ResourceExists => {
                let found = store.find_external(&identity).await?.ok_or(Error::EmailOfAnother)?;
                Ok((found.0, found.1, expire_time))
            }
            Err(fault) => Err(fault),
        }
    }

    async fn admit(
        &self,
        store: &Store,
        identity: &ExternalIdentity,
        now: Timestamp,
    ) -> Result<(Uuid, Account), Fault> {
        match self.sign_up {
            SignUpPolicy::Open => {}
            SignUpPolicy::InviteOnly => return Err(Error::InvitationNeeded.into()),
            SignUpPolicy::Closed => return Err(Error::SignUpClosed.into()),
        }
        let (id, workspace) = (new_id(now), WorkspaceId(new_id(now)));
        let user = identity.sign_up(UserId(new_id(now)), workspace, now)?;
        let actor = Actor {
            user_id: user.id,
            service: None,
            token_id: Some(id.to_string()),
            client_address: None,
            user_agent: None,
        };
        let thing = ChangedThing::UserCreated(user.clone());
        let change = Change { id: new_id(now), time: now, actor, trace_parent: None, thing };
        let memberships = vec![Membership { id: workspace, role: Role::Owner }];
        // Nobody can sign in with a password that there is not.
        let account = Account { user, password_hash: String::new(), memberships };
        store.create_external(id, identity, &account, &change).await?;
        Ok((id, account))
    }
}
