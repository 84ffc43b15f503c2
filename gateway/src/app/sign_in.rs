//! SignIn: a password for a session. What it costs and answers does not tell whether the account exists.

use mesh_types::Fault;

use crate::domain::{Account, ClientHint, Error, Password, normal_email};

use super::{App, OpenSession};

impl App {
    /// Exchanges an address and a password for a session.
    ///
    /// # Errors
    /// UNAUTHENTICATED (`CREDENTIALS_INVALID`), RESOURCE_EXHAUSTED after too many attempts.
    pub async fn sign_in(&self, email: &str, password: Password, client: &ClientHint) -> Result<OpenSession, Fault> {
        let email = normal_email(email);
        let attempt = self.attempts.enter(&email, client.network(), self.now())?;
        let account = self.store.find_account_by_email(&email).await?;
        let account = self.check_password(account, password).await?;
        self.attempts.forgive(attempt);

        let now = self.now();
        let (session, refresh_token) = self.begin_session(&account.user, now)?;
        self.store.create_session(&session, refresh_token.digest()).await?;
        self.admit(account, &session, refresh_token, now)
    }

    async fn check_password(&self, account: Option<Account>, password: Password) -> Result<Account, Fault> {
        let stored = account.as_ref().map(|account| account.password_hash.clone());
        let verdict = self.passwords.verify(password.clone(), stored).await?;
        let Some(account) = account.filter(|_| verdict.matches) else {
            return Err(Error::CredentialsInvalid.into());
        };
        if verdict.outdated {
            let hash = self.passwords.hash(password).await?;
            self.store.replace_password_hash(account.user.id, &account.password_hash, &hash).await?;
        }
        Ok(account)
    }
}
