//! Beginning and continuing a session: the tokens that a person who has proved who they are goes away with.

use std::time::Duration;

use mesh_types::{Fault, Timestamp, new_id};

use crate::domain::{Account, ClientHint, Session, Token, User};

use super::{App, random};

/// What somebody who is signed in holds.
pub struct OpenSession {
    /// Goes into `authorization: Bearer …`.
    pub access_token: String,
    /// When the access token ends.
    pub expire_time: Timestamp,
    /// Buys the next pair of tokens.
    pub refresh_token: String,
    /// For how long each of the two lives from now.
    pub lifetimes: (Duration, Duration),
    /// What pages that hold the session in cookies must send with each call that changes something.
    pub csrf_token: String,
    /// Who signed in.
    pub user: User,
}

impl App {
    /// A new session of the person, and its first refresh token; nothing is stored yet.
    pub(super) fn begin_session(&self, user: &User, now: Timestamp) -> Result<(Session, Token), Fault> {
        let session = Session::begin(new_id(now), user.id, now, self.settings.session_lifetime);
        Ok((session, Token::refresh(random()?)))
    }

    /// The answer to somebody who got in.
    pub(super) fn admit(
        &self,
        account: Account,
        session: &Session,
        refresh_token: Token,
        now: Timestamp,
    ) -> Result<OpenSession, Fault> {
        let end = now.plus(self.settings.access_lifetime);
        // Which client uses it is told when it is exchanged, call by call.
        let access = self.keys.mint(&account.session_grant(session.id), &ClientHint::default(), end)?;
        Ok(OpenSession {
            access_token: access.text,
            expire_time: access.expire_time,
            refresh_token: refresh_token.reveal(),
            lifetimes: (access.expire_time.since(now), self.settings.session_lifetime),
            csrf_token: self.keys.csrf().token(session.id),
            user: account.user,
        })
    }
}
