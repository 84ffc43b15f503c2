//! SignIn: a password for a session. What it costs and answers does not tell whether the account exists.

use mesh_types::Fault;

use crate::domain::{Account, ClientHint, Error, Password, normal_email};

use super::{App, OpenSession, attempts::Kind};

impl App {
    /// Exchanges an address and a password for a session.
    ///
    /// # Errors
    /// UNAUTHENTICATED (`CREDENTIALS_INVALID`), RESOURCE_EXHAUSTED after too many attempts.
    pub async fn sign_in(&self, email: &str, password: Password, client: &ClientHint) -> Result<OpenSession, Fault> {
        let email = normal_email(email);
        let trial = self.attempts.begin(Kind::Password, Some(&email), client, self.now())?;
        let checked = self.check_password(&email, password, client).await;
        self.attempts.judge(&trial, &checked);
        let account = checked?;

        let now = self.now();
        let (session, refresh_token) = self.begin_session(&account.user, now)?;
        self.store.create_session(&account, &session, refresh_token.digest()).await?;
        self.admit(account, &session, refresh_token, now)
    }

    async fn check_password(&self, email: &str, password: Password, client: &ClientHint) -> Result<Account, Fault> {
        let network = client.network();
        let account = self.store.find_account_by_email(email).await?;
        let stored = account.as_ref().and_then(Account::password_hash);
        let verdict = self.passwords.verify(password.clone(), stored, network).await?;
        let Some(mut account) = account.filter(|_| verdict.matches) else {
            return Err(Error::CredentialsInvalid.into());
        };
        if verdict.outdated {
            let hash = self.passwords.hash(password, network).await?;
            self.store.replace_password_hash(account.user.id, &account.password_hash, &hash).await?;
            account.password_hash = hash;
        }
        Ok(account)
    }
}
