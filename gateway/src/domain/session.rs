//! Sessions: a family of refresh tokens, of which only the newest buys the next.

use std::time::Duration;

use mesh_types::{Timestamp, UserId};
use uuid::Uuid;

use super::Error;

/// For how long the token that was just exchanged may be presented again: its answer may have been lost.
const REPEAT_WINDOW: Duration = Duration::from_secs(30);

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which session; access tokens name it.
    pub id: Uuid,
    /// Whose.
    pub user_id: UserId,
    /// The number of the newest refresh token, from 1. Repeats of the one before share it.
    pub generation: i64,
    /// When the newest generation began.
    pub rotate_time: Timestamp,
    /// When it began.
    pub create_time: Timestamp,
    /// When it ends unless it is used before.
    pub expire_time: Timestamp,
    /// When it was ended.
    pub revoke_time: Option<Timestamp>,
}

impl Session {
    /// A session that begins now and ends when it is not used for `lifetime`.
    pub fn begin(id: Uuid, user_id: UserId, now: Timestamp, lifetime: Duration) -> Self {
        let expire_time = now.plus(lifetime);
        Self { id, user_id, generation: 1, rotate_time: now, create_time: now, expire_time, revoke_time: None }
    }

    /// Checks that the session may be used at `now`.
    ///
    /// # Errors
    /// When it has ended.
    pub fn check_usable(&self, now: Timestamp) -> Result<(), Error> {
        if self.revoke_time.is_some() {
            return Err(Error::SessionEnded);
        }
        if now >= self.expire_time {
            return Err(Error::SessionExpired);
        }
        Ok(())
    }

    /// Ends the session; says whether that changed anything.
    pub fn end(&mut self, now: Timestamp) -> bool {
        let open = self.revoke_time.is_none();
        self.revoke_time.get_or_insert(now);
        open
    }

    /// Takes the refresh token of `generation`. Afterwards `self.generation` is the one of the token to issue.
    ///
    /// # Errors
    /// When the session has ended, and [`Error::RefreshTokenReused`] when this ends it: the change is to be kept.
    pub fn refresh(&mut self, generation: i64, now: Timestamp, lifetime: Duration) -> Result<(), Error> {
        if self.revoke_time.is_some() {
            return Err(Error::RefreshTokenInvalid);
        }
        if now >= self.expire_time {
            return Err(Error::SessionExpired);
        }
        if generation == self.generation {
            self.generation += 1;
            self.rotate_time = now;
            self.expire_time = now.plus(lifetime);
            return Ok(());
        }
        if generation + 1 == self.generation && now <= self.rotate_time.plus(REPEAT_WINDOW) {
            return Ok(());
        }
        self.revoke_time = Some(now);
        Err(Error::RefreshTokenReused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn session() -> (Session, Timestamp) {
        let now = Timestamp::from_micros(1_000_000);
        (Session::begin(Uuid::nil(), UserId(Uuid::nil()), now, DAY), now)
    }

    #[test]
    fn each_token_buys_the_next_and_prolongs_the_session() {
        let (mut session, now) = session();
        let later = now.plus(DAY / 2);
        session.refresh(1, later, DAY).expect("the newest");
        assert_eq!((session.generation, session.expire_time), (2, later.plus(DAY)));
        session.refresh(2, later, DAY).expect("the newest");
    }

    #[test]
    fn the_token_before_may_be_repeated_for_half_a_minute() {
        let (mut session, now) = session();
        session.refresh(1, now, DAY).expect("the newest");
        session.refresh(1, now.plus(REPEAT_WINDOW), DAY).expect("a repeat");
        assert_eq!(session.generation, 2);
        let late = now.plus(REPEAT_WINDOW + Duration::from_micros(1));
        assert_eq!(session.refresh(1, late, DAY), Err(Error::RefreshTokenReused));
    }

    #[test]
    fn an_older_token_ends_the_session() {
        let (mut session, now) = session();
        session.refresh(1, now, DAY).expect("the newest");
        session.refresh(2, now, DAY).expect("the newest");
        assert_eq!(session.refresh(1, now, DAY), Err(Error::RefreshTokenReused));
        assert_eq!(session.refresh(3, now, DAY), Err(Error::RefreshTokenInvalid));
    }

    #[test]
    fn a_session_that_is_not_used_expires() {
        let (mut session, now) = session();
        assert_eq!(session.refresh(1, now.plus(DAY), DAY), Err(Error::SessionExpired));
    }
}
