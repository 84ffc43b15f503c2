//! SignOutEverywhere: ends all sessions of the caller.

use mesh_types::{Caller, Fault};

use crate::{
    domain::{Account, ChangedThing},
    store::Ending,
};

use super::{App, change};

impl App {
    /// Ends all sessions of the caller. API tokens are for programs and stay.
    ///
    /// # Errors
    /// UNAUTHENTICATED when the account is gone.
    pub async fn sign_out_everywhere(&self, caller: &Caller) -> Result<(), Fault> {
        let now = self.now();
        let decide = |account: &mut Account| {
            account.user.touch(now);
            Ok(Some(change(caller, now, ChangedThing::SignedOutEverywhere(account.user.clone()))))
        };
        self.store.update_account(caller.actor.user_id, Ending::Everything, decide).await?;
        self.ended_some(caller.actor.user_id);
        Ok(())
    }
}
