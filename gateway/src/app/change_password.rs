//! ChangePassword: the current password for another. Whoever was signed in elsewhere with the old one is so no more.

use mesh_types::{Caller, Fault};
use uuid::Uuid;

use crate::{
    domain::{Account, ChangedThing, Error, Password, weak_password},
    store::Ending,
};

use super::{App, attempts::Kind, change, client_of};

impl App {
    /// Changes the caller's password and ends all their other sessions.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a password that is no good, UNAUTHENTICATED (`CREDENTIALS_INVALID`) when the current one is
    /// wrong, RESOURCE_EXHAUSTED after too many attempts.
    pub async fn change_password(&self, caller: &Caller, current: Password, new: Password) -> Result<(), Fault> {
        let account = self.get_me(caller).await?;
        if let Some(violation) = weak_password("new_password", &new, &account.user.email) {
            return Err(Error::Invalid(vec![violation]).into());
        }
        let client = client_of(caller);
        let trial = self.attempts.begin(Kind::Password, Some(&account.user.email), &client, self.now())?;
        let outcome = self.replace_password(caller, account, current, new).await;
        self.attempts.judge(&trial, &outcome);
        outcome
    }

    async fn replace_password(
        &self,
        caller: &Caller,
        account: Account,
        current: Password,
        new: Password,
    ) -> Result<(), Fault> {
        let network = client_of(caller).network();
        let verdict = self.passwords.verify(current, account.password_hash(), network).await?;
        if !verdict.matches {
            return Err(Error::PasswordWrong.into());
        }
        let hash = self.passwords.hash(new, network).await?;
        let (now, before) = (self.now(), account.password_hash);
        let decide = |account: &mut Account| {
            if account.password_hash != before {
                return Err(Error::PasswordJustChanged);
            }
            account.password_hash = hash;
            account.user.touch(now);
            Ok(Some(change(caller, now, ChangedThing::PasswordChanged(account.user.clone()))))
        };
        let this = caller.actor.token_id.as_ref().and_then(|id| Uuid::parse_str(id).ok());
        let ending = this.map_or(Ending::Everything, Ending::AllBut);
        self.store.update_account(account.user.id, ending, decide).await?;
        self.ended_some(account.user.id);
        Ok(())
    }
}
