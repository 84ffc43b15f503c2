//! API tokens, found by the digest of their secret.

use mesh_store::StoreError;
use mesh_types::{ApiTokenId, Caller, Timestamp, UserId, WorkspaceId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::domain::{Account, ApiToken, Change, Digest, Scope};

use super::{
    Store,
    entities::api_token::{ActiveModel, Column, Entity, Model},
};

/// That an API token was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenUse {
    /// Which one.
    pub id: ApiTokenId,
    /// In which minute.
    pub minute: Timestamp,
}

impl Store {
    /// Keeps a new token and the event that tells of it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn create_api_token(&self, token: &ApiToken, secret: Digest, change: &Change) -> Result<(), StoreError> {
        let transaction = self.database.begin().await?;
        let row = ActiveModel { digest: Set(secret.0.to_vec()), ..to_row(token) };
        row.insert(&transaction).await?;
        self.append(&transaction, change).await?;
        self.commit_and_tell(transaction).await
    }

    /// Whether what the caller presented is an API token.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_api_token(&self, caller: &Caller) -> Result<bool, StoreError> {
        let id = caller.actor.token_id.as_ref().and_then(|id| Uuid::parse_str(id).ok());
        let Some(id) = id else { return Ok(false) };
        Ok(Entity::find_by_id(id).one(self.database.reader()).await?.is_some())
    }

    /// The token with this secret, and its owner.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find_api_token(&self, secret: Digest) -> Result<Option<(ApiToken, Account)>, StoreError> {
        let found = Entity::find().filter(Column::Digest.eq(secret.0.to_vec())).one(self.database.reader()).await?;
        let Some(row) = found else { return Ok(None) };
        let token = from_row(row);
        let account = self.find_account(token.user_id).await?;
        Ok(account.map(|account| (token, account)))
    }

    /// At most `limit` tokens of `user`, newest first, after the one that was created then and has this id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list_api_tokens(
        &self,
        user: UserId,
        show_revoked: bool,
        after: Option<(Timestamp, Uuid)>,
        limit: u64,
    ) -> Result<Vec<ApiToken>, StoreError> {
        let mut query = Entity::find().filter(Column::UserId.eq(user.0));
        if !show_revoked {
            query = query.filter(Column::RevokedUs.is_null());
        }
        if let Some((create_time, id)) = after {
            let created = create_time.as_micros();
            let same_time = Condition::all().add(Column::CreatedUs.eq(created)).add(Column::Id.lt(id));
            query = query.filter(Condition::any().add(Column::CreatedUs.lt(created)).add(same_time));
        }
        let query = query.order_by_desc(Column::CreatedUs).order_by_desc(Column::Id).limit(limit);
        Ok(query.all(self.database.reader()).await?.into_iter().map(from_row).collect())
    }

    /// Lets `decide` change a token of `user`; nothing is kept unless it answers with a change. `None` when the user
    /// has no such token.
    ///
    /// # Errors
    /// What the database says.
    pub async fn update_api_token(
        &self,
        user: UserId,
        id: ApiTokenId,
        decide: impl FnOnce(&mut ApiToken) -> Option<Change> + Send,
    ) -> Result<Option<ApiToken>, StoreError> {
        let transaction = self.database.begin().await?;
        let owned = Entity::find_by_id(id.0).filter(Column::UserId.eq(user.0)).lock_exclusive();
        let Some(row) = owned.one(&transaction).await? else { return Ok(None) };
        let mut token = from_row(row);
        if let Some(change) = decide(&mut token) {
            to_row(&token).update(&transaction).await?;
            self.append(&transaction, &change).await?;
            self.commit_and_tell(transaction).await?;
        }
        Ok(Some(token))
    }

    /// Notes when tokens were last used.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_uses(&self, uses: &[TokenUse]) -> Result<(), StoreError> {
        let background = self.database.background();
        for TokenUse { id, minute } in uses {
            let minute = minute.as_micros();
            let earlier = Condition::any().add(Column::LastUsedUs.is_null()).add(Column::LastUsedUs.lt(minute));
            Entity::update_many()
                .set(ActiveModel { last_used_us: Set(Some(minute)), ..Default::default() })
                .filter(Column::Id.eq(id.0))
                .filter(earlier)
                .exec(background.writer())
                .await?;
        }
        Ok(())
    }
}

/// Everything but the digest, which never changes.
fn to_row(token: &ApiToken) -> ActiveModel {
    let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    ActiveModel {
        id: Set(token.id.0),
        user_id: Set(token.user_id.0),
        workspace_id: Set(token.workspace_id.0),
        name: Set(token.name.clone()),
        scopes: Set(scopes.join(" ")),
        hint: Set(token.hint.clone()),
        version: Set(token.version),
        created_us: Set(token.create_time.as_micros()),
        expires_us: Set(token.expire_time.map(Timestamp::as_micros)),
        last_used_us: Set(token.last_used_time.map(Timestamp::as_micros)),
        revoked_us: Set(token.revoke_time.map(Timestamp::as_micros)),
        ..Default::default()
    }
}

/// A scope that this release does not know grants nothing here.
fn from_row(row: Model) -> ApiToken {
    ApiToken {
        id: ApiTokenId(row.id),
        user_id: UserId(row.user_id),
        workspace_id: WorkspaceId(row.workspace_id),
        name: row.name,
        scopes: row.scopes.split(' ').filter_map(|scope| scope.parse::<Scope>().ok()).collect(),
        expire_time: row.expires_us.map(Timestamp::from_micros),
        create_time: Timestamp::from_micros(row.created_us),
        last_used_time: row.last_used_us.map(Timestamp::from_micros),
        revoke_time: row.revoked_us.map(Timestamp::from_micros),
        hint: row.hint,
        version: row.version,
    }
}
