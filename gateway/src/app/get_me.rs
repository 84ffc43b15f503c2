//! GetMe: who the caller is, as the database knows it now.

use mesh_types::{Caller, Fault};

use crate::domain::{Account, Error};

use super::App;

impl App {
    /// The caller's account.
    ///
    /// # Errors
    /// UNAUTHENTICATED when the account is gone.
    pub async fn get_me(&self, caller: &Caller) -> Result<Account, Fault> {
        let account = self.store.find_account(caller.actor.user_id).await?;
        account.ok_or_else(|| Error::CredentialUnknown.into())
    }
}
