//! UpdateMe: what people say of themselves.

use mesh_types::{Caller, Fault};

use crate::{
    domain::{Account, ChangedThing, Error, User, UserEdit},
    store::Ending,
};

use super::{App, change};

/// What is to change.
pub struct UpdateMe {
    /// The new values.
    pub edits: Vec<UserEdit>,
    /// The version that was read; none is any.
    pub etag: Option<String>,
}

impl App {
    /// Changes the caller's account; what changes nothing is no new version.
    ///
    /// # Errors
    /// INVALID_ARGUMENT; ABORTED (`ETAG_MISMATCH`).
    pub async fn update_me(&self, caller: &Caller, request: UpdateMe) -> Result<User, Fault> {
        let now = self.now();
        let decide = |account: &mut Account| {
            let (before, current) = (account.user.clone(), account.user.etag());
            if request.etag.is_some_and(|etag| etag != current) {
                return Err(Error::EtagStale { current });
            }
            let changed = account.user.edit(request.edits, now)?;
            if changed.is_empty() {
                return Ok(None);
            }
            let after = account.user.clone();
            Ok(Some(change(caller, now, ChangedThing::UserUpdated { before, after, changed })))
        };
        let account = self.store.update_account(caller.actor.user_id, Ending::Nothing, decide).await?;
        // Access tokens tell the time zone.
        self.exchange.recheck(account.user.id);
        Ok(account.user)
    }
}
