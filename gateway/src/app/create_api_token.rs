//! CreateApiToken: a token for a program, whose secret is shown this once.

use mesh_types::{ApiTokenId, Caller, Fault, new_id};

use crate::domain::{ApiToken, ApiTokenForm, ChangedThing, Error, Token};

use super::{App, change, random};

/// A token and its secret.
pub struct NewApiToken {
    /// The token as it is kept.
    pub token: ApiToken,
    /// What the program sends as `authorization: Bearer …`.
    pub secret: String,
}

impl App {
    /// Creates a token that acts for the caller.
    ///
    /// # Errors
    /// INVALID_ARGUMENT; PERMISSION_DENIED for scopes that the caller does not hold, and for callers that are tokens
    /// themselves: what they made would outlive them.
    pub async fn create_api_token(&self, caller: &Caller, form: ApiTokenForm) -> Result<NewApiToken, Fault> {
        let now = self.now();
        if self.store.is_api_token(caller).await? {
            return Err(Error::SessionRequired.into());
        }
        let scopes = form.check(&caller.scopes, now)?;
        let secret = Token::api(random()?);
        let token = ApiToken {
            id: ApiTokenId(new_id(now)),
            user_id: caller.actor.user_id,
            workspace_id: caller.personal_workspace,
            name: form.name.trim().to_owned(),
            scopes,
            expire_time: form.expire_time,
            create_time: now,
            last_used_time: None,
            revoke_time: None,
            hint: secret.hint(),
            version: 1,
        };
        let change = change(caller, now, ChangedThing::ApiTokenCreated(token.clone()));
        self.store.create_api_token(&token, secret.digest(), &change).await?;
        Ok(NewApiToken { token, secret: secret.reveal() })
    }
}
