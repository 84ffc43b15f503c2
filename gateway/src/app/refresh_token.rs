//! RefreshToken: the newest refresh token of a session for the next one.

use mesh_types::Fault;

use crate::domain::{ClientHint, Digest, Error, Session, Token};

use super::{App, OpenSession, attempts::Kind, random};

impl App {
    /// Exchanges a refresh token for new tokens.
    ///
    /// # Errors
    /// UNAUTHENTICATED for a token that is unknown, of an ended session, or was used before; the last ends the session.
    pub async fn refresh_token(&self, refresh_token: &str, client: &ClientHint) -> Result<OpenSession, Fault> {
        let trial = self.attempts.begin(Kind::Refresh, None, client, self.now())?;
        let outcome = self.next_token(refresh_token).await;
        self.attempts.judge(&trial, &outcome);
        outcome
    }

    async fn next_token(&self, refresh_token: &str) -> Result<OpenSession, Fault> {
        let now = self.now();
        let next = Token::refresh(random()?);
        let lifetime = self.settings.session_lifetime;
        let mut reused = None;
        let refresh = |session: &mut Session, generation| {
            let outcome = session.refresh(generation, now, lifetime);
            if outcome == Err(Error::RefreshTokenReused) {
                tracing::warn!(session.id = %session.id, "a refresh token came twice; its session was ended");
                reused = Some(session.id);
            }
            outcome
        };
        let refreshed = self.store.refresh_session(Digest::of(refresh_token), next.digest(), refresh).await;
        if let Some(session) = reused {
            self.ended(session);
        }
        let session = refreshed?;
        let account = self.store.find_account(session.user_id).await?.ok_or(Error::RefreshTokenInvalid)?;
        self.admit(account, &session, next, now)
    }
}
