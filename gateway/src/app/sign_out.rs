//! SignOut: ends the session of a refresh token.

use mesh_types::Fault;

use crate::domain::Digest;

use super::App;

impl App {
    /// Ends a session, its access tokens and its streams. A token that is not known is of no session that could end, so
    /// that is fine, too (RFC 7009, section 2.2).
    ///
    /// # Errors
    /// UNAVAILABLE.
    pub async fn sign_out(&self, refresh_token: &str) -> Result<(), Fault> {
        if let Some(session) = self.store.end_session(Digest::of(refresh_token), self.now()).await? {
            self.ended(session);
        }
        Ok(())
    }
}
