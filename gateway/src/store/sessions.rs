//! Sessions and the digests of their refresh tokens.

use mesh_store::StoreError;
use mesh_types::{Fault, Timestamp, UserId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use crate::domain::{Account, Digest, Error, Session};

use super::{
    Ending, Store, accounts,
    entities::{api_token, external_identity, refresh_token, session},
};

impl Store {
    /// Keeps a new session of `account` and its first refresh token.
    ///
    /// # Errors
    /// ABORTED when the account's password is not what it was.
    pub async fn create_session(
        &self,
        account: &Account,
        session: &Session,
        refresh_token: Digest,
    ) -> Result<(), Fault> {
        let transaction = self.database.begin().await?;
        accounts::check_unchanged(&transaction, account).await?;
        insert(&transaction, session, refresh_token).await?;
        Ok(mesh_store::commit(transaction).await?)
    }

    /// The session of this id, and whose it is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find_session(&self, id: Uuid) -> Result<Option<(Session, Account)>, StoreError> {
        let found = session::Entity::find_by_id(id).one(self.database.reader()).await?;
        let Some(session) = found.map(from_row) else { return Ok(None) };
        let account = self.find_account(session.user_id).await?;
        Ok(account.map(|account| (session, account)))
    }

    /// Ends the session of this refresh token, whichever of its tokens it is; says which session that was.
    ///
    /// # Errors
    /// What the database says.
    pub async fn end_session(&self, presented: Digest, now: Timestamp) -> Result<Option<Uuid>, StoreError> {
        let transaction = self.database.begin().await?;
        let found = refresh_token::Entity::find_by_id(presented.0.to_vec()).one(&transaction).await?;
        let Some(token) = found else { return Ok(None) };
        let found = session::Entity::find_by_id(token.session_id).lock_exclusive().one(&transaction).await?;
        let Some(mut session) = found.map(from_row) else { return Ok(None) };
        if session.end(now) {
            to_row(&session).update(&transaction).await?;
            mesh_store::commit(transaction).await?;
        }
        Ok(Some(session.id))
    }

    /// Which of these sessions, API tokens and identities by other issuers are still good.
    ///
    /// # Errors
    /// What the database says.
    pub async fn still_good(&self, ids: &[Uuid], now: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        let (background, now) = (self.database.background(), now.as_micros());
        let sessions = session::Entity::find()
            .select_only()
            .column(session::Column::Id)
            .filter(session::Column::Id.is_in(ids.iter().copied()))
            .filter(session::Column::RevokedUs.is_null());
        let mut good: Vec<Uuid> = sessions.into_tuple().all(background.reader()).await?;
        let endless = Condition::any().add(api_token::Column::ExpiresUs.is_null());
        let tokens = api_token::Entity::find()
            .select_only()
            .column(api_token::Column::Id)
            .filter(api_token::Column::Id.is_in(ids.iter().copied()))
            .filter(api_token::Column::RevokedUs.is_null())
            .filter(endless.add(api_token::Column::ExpiresUs.gt(now)));
        good.extend(tokens.into_tuple::<Uuid>().all(background.reader()).await?);
        let identities = external_identity::Entity::find()
            .select_only()
            .column(external_identity::Column::Id)
            .filter(external_identity::Column::Id.is_in(ids.iter().copied()));
        good.extend(identities.into_tuple::<Uuid>().all(background.reader()).await?);
        Ok(good)
    }

    /// Lets `refresh` decide on the session of the refresh token `presented`, given the token's generation. What it
    /// changed is kept even if it refuses; `next` is kept only if it does not.
    ///
    /// # Errors
    /// UNAUTHENTICATED for a token that is not known, and what `refresh` answers.
    pub async fn refresh_session(
        &self,
        presented: Digest,
        next: Digest,
        refresh: impl FnOnce(&mut Session, i64) -> Result<(), Error> + Send,
    ) -> Result<Session, Fault> {
        let transaction = self.database.begin().await?;
        let found = refresh_token::Entity::find_by_id(presented.0.to_vec()).one(&transaction).await;
        let token = found.map_err(StoreError::from)?.ok_or(Error::RefreshTokenInvalid)?;
        let found = session::Entity::find_by_id(token.session_id).lock_exclusive().one(&transaction).await;
        let row = found.map_err(StoreError::from)?.ok_or(Error::RefreshTokenInvalid)?;

        let before = from_row(row);
        let mut session = before.clone();
        let outcome = refresh(&mut session, token.generation);
        if session != before {
            to_row(&session).update(&transaction).await.map_err(StoreError::from)?;
        }
        if outcome.is_ok() {
            insert_token(&transaction, &session, next).await?;
        }
        mesh_store::commit(transaction).await?;
        outcome?;
        Ok(session)
    }

    /// Forgets sessions that expired before `before`; returns how many.
    ///
    /// # Errors
    /// What the database says.
    pub async fn prune_sessions(&self, before: Timestamp) -> Result<u64, StoreError> {
        let expired = session::Entity::delete_many().filter(session::Column::ExpiresUs.lt(before.as_micros()));
        Ok(expired.exec(self.database.background().writer()).await?.rows_affected)
    }
}

/// Ends sessions of `user`.
pub(super) async fn end(
    transaction: &impl ConnectionTrait,
    user: UserId,
    ending: Ending,
    now: Timestamp,
) -> Result<(), StoreError> {
    let ended = session::ActiveModel { revoked_us: Set(Some(now.as_micros())), ..Default::default() };
    let mut open = session::Entity::update_many()
        .set(ended)
        .filter(session::Column::UserId.eq(user.0))
        .filter(session::Column::RevokedUs.is_null());
    match ending {
        Ending::Nothing => return Ok(()),
        Ending::Everything => {}
        Ending::AllBut(id) => open = open.filter(session::Column::Id.ne(id)),
    }
    open.exec(transaction).await?;
    Ok(())
}

/// Keeps a new session and its first refresh token, in the caller's transaction.
pub(super) async fn insert(
    transaction: &impl ConnectionTrait,
    session: &Session,
    refresh_token: Digest,
) -> Result<(), StoreError> {
    to_row(session).insert(transaction).await?;
    insert_token(transaction, session, refresh_token).await
}

async fn insert_token(transaction: &impl ConnectionTrait, session: &Session, token: Digest) -> Result<(), StoreError> {
    let row = refresh_token::ActiveModel {
        digest: Set(token.0.to_vec()),
        session_id: Set(session.id),
        generation: Set(session.generation),
    };
    row.insert(transaction).await?;
    Ok(())
}

fn to_row(session: &Session) -> session::ActiveModel {
    session::ActiveModel {
        id: Set(session.id),
        user_id: Set(session.user_id.0),
        generation: Set(session.generation),
        rotated_us: Set(session.rotate_time.as_micros()),
        created_us: Set(session.create_time.as_micros()),
        expires_us: Set(session.expire_time.as_micros()),
        revoked_us: Set(session.revoke_time.map(Timestamp::as_micros)),
    }
}

fn from_row(row: session::Model) -> Session {
    Session {
        id: row.id,
        user_id: UserId(row.user_id),
        generation: row.generation,
        rotate_time: Timestamp::from_micros(row.rotated_us),
        create_time: Timestamp::from_micros(row.created_us),
        expire_time: Timestamp::from_micros(row.expires_us),
        revoke_time: row.revoked_us.map(Timestamp::from_micros),
    }
}
