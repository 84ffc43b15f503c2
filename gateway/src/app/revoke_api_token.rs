//! RevokeApiToken: ends a token here at once, and within seconds on the other replicas.

use mesh_types::{ApiTokenId, Caller, Fault};

use crate::domain::{ApiToken, ChangedThing, Error};

use super::{App, change};

impl App {
    /// Ends one of the caller's tokens; ending it again changes nothing.
    ///
    /// # Errors
    /// NOT_FOUND for a token that is not the caller's.
    pub async fn revoke_api_token(&self, caller: &Caller, id: ApiTokenId) -> Result<ApiToken, Fault> {
        let now = self.now();
        let revoke = |token: &mut ApiToken| {
            token.revoke(now).then(|| change(caller, now, ChangedThing::ApiTokenRevoked(token.clone())))
        };
        let token = self.store.update_api_token(caller.actor.user_id, id, revoke).await?;
        let token = token.ok_or(Error::ApiTokenNotFound(id))?;
        self.ended(id.0);
        Ok(token)
    }
}
