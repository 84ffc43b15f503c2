//! RevokeApiToken: ends a token here at once, and within seconds on the other replicas.

use mesh_types::{ApiTokenId, Caller, Fault, new_id};

use crate::domain::{ApiToken, Change, ChangedThing, Error};

use super::App;

impl App {
    /// Ends one of the caller's tokens; ending it again changes nothing.
    ///
    /// # Errors
    /// NOT_FOUND for a token that is not the caller's.
    pub async fn revoke_api_token(&self, caller: &Caller, id: ApiTokenId) -> Result<ApiToken, Fault> {
        let now = self.now();
        let revoke = |token: &mut ApiToken| {
            token.revoke(now).then(|| Change {
                id: new_id(now),
                time: now,
                actor: caller.actor.clone(),
                trace_parent: caller.trace_parent.clone(),
                thing: ChangedThing::ApiTokenRevoked(token.clone()),
            })
        };
        let token = self.store.update_api_token(caller.actor.user_id, id, revoke).await?;
        let token = token.ok_or(Error::ApiTokenNotFound(id))?;
        self.exchange.forget(id);
        self.revocations.send_modify(|count| *count += 1);
        Ok(token)
    }
}
