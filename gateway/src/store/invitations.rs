//! Invitations, found by the digest of their code.

use mesh_store::{StoreError, Transaction};
use mesh_types::{Fault, Timestamp, UserId, WorkspaceId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use crate::domain::{Change, Digest, Error, Invitation};

use super::{
    Store,
    entities::{
        account,
        invitation::{ActiveModel, Column, Entity, Model},
    },
};

impl Store {
    /// Keeps a new invitation and the event that tells of it, unless `most` of its maker's are open.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED.
    pub async fn create_invitation(
        &self,
        invitation: &Invitation,
        code: Digest,
        most: u64,
        change: &Change,
    ) -> Result<(), Fault> {
        let transaction = self.database.begin().await?;
        // Of one person's invitations one is made at a time, so that the count holds.
        let owner = account::Entity::find_by_id(invitation.user_id.0).lock_exclusive();
        owner.one(&transaction).await.map_err(StoreError::from)?;
        let open = Entity::find().filter(Column::UserId.eq(invitation.user_id.0)).filter(open(invitation.create_time));
        if open.count(&transaction).await.map_err(StoreError::from)? >= most {
            return Err(Error::TooManyInvitations { most }.into());
        }
        let row = ActiveModel { digest: Set(code.0.to_vec()), accepted_by: Set(None), ..to_row(invitation) };
        row.insert(&transaction).await.map_err(StoreError::from)?;
        self.append(&transaction, change).await?;
        Ok(self.commit_and_tell(transaction).await?)
    }

    /// The invitation with this code.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find_invitation(&self, code: Digest) -> Result<Option<Invitation>, StoreError> {
        let found = Entity::find().filter(Column::Digest.eq(code.0.to_vec())).one(self.database.reader()).await?;
        Ok(found.map(from_row))
    }

    /// At most `limit` invitations of `user`, newest first, after the one that was created then and has this id; those
    /// only that are open at `open_at`, if that is given.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list_invitations(
        &self,
        user: UserId,
        open_at: Option<Timestamp>,
        after: Option<(Timestamp, Uuid)>,
        limit: u64,
    ) -> Result<Vec<Invitation>, StoreError> {
        let mut query = Entity::find().filter(Column::UserId.eq(user.0));
        if let Some(now) = open_at {
            query = query.filter(open(now));
        }
        if let Some((create_time, id)) = after {
            let created = create_time.as_micros();
            let same_time = Condition::all().add(Column::CreatedUs.eq(created)).add(Column::Id.lt(id));
            query = query.filter(Condition::any().add(Column::CreatedUs.lt(created)).add(same_time));
        }
        let query = query.order_by_desc(Column::CreatedUs).order_by_desc(Column::Id).limit(limit);
        Ok(query.all(self.database.reader()).await?.into_iter().map(from_row).collect())
    }

    /// Lets `decide` change an invitation of `user`; nothing is kept unless it answers with a change.
    ///
    /// # Errors
    /// NOT_FOUND when the user has no such invitation, and what `decide` answers.
    pub async fn update_invitation(
        &self,
        user: UserId,
        id: Uuid,
        decide: impl FnOnce(&mut Invitation) -> Result<Option<Change>, Error> + Send,
    ) -> Result<Invitation, Fault> {
        let transaction = self.database.begin().await?;
        let owned = Entity::find_by_id(id).filter(Column::UserId.eq(user.0)).lock_exclusive();
        let row = owned.one(&transaction).await.map_err(StoreError::from)?.ok_or(Error::InvitationNotFound(id))?;
        let mut invitation = from_row(row);
        if let Some(change) = decide(&mut invitation)? {
            to_row(&invitation).update(&transaction).await.map_err(StoreError::from)?;
            self.append(&transaction, &change).await?;
            self.commit_and_tell(transaction).await?;
        }
        Ok(invitation)
    }
}

/// The invitation with this code, held until the transaction ends.
pub(super) async fn lock_by_code(transaction: &Transaction, code: Digest) -> Result<Invitation, Fault> {
    let found = Entity::find().filter(Column::Digest.eq(code.0.to_vec())).lock_exclusive().one(transaction).await;
    let row = found.map_err(StoreError::from)?.ok_or(Error::InvitationInvalid)?;
    Ok(from_row(row))
}

/// Keeps that `user` signed up with it.
pub(super) async fn keep_accepted(
    transaction: &Transaction,
    invitation: &Invitation,
    user: UserId,
) -> Result<(), StoreError> {
    ActiveModel { accepted_by: Set(Some(user.0)), ..to_row(invitation) }.update(transaction).await?;
    Ok(())
}

/// Neither accepted nor revoked nor expired.
fn open(now: Timestamp) -> Condition {
    Condition::all()
        .add(Column::AcceptedUs.is_null())
        .add(Column::RevokedUs.is_null())
        .add(Column::ExpiresUs.gt(now.as_micros()))
}

/// Everything but the digest, which never changes, and who accepted it.
fn to_row(invitation: &Invitation) -> ActiveModel {
    ActiveModel {
        id: Set(invitation.id),
        user_id: Set(invitation.user_id.0),
        workspace_id: Set(invitation.workspace_id.0),
        email: Set(invitation.email.clone()),
        hint: Set(invitation.hint.clone()),
        version: Set(invitation.version),
        created_us: Set(invitation.create_time.as_micros()),
        expires_us: Set(invitation.expire_time.as_micros()),
        accepted_us: Set(invitation.accept_time.map(Timestamp::as_micros)),
        revoked_us: Set(invitation.revoke_time.map(Timestamp::as_micros)),
        ..Default::default()
    }
}

fn from_row(row: Model) -> Invitation {
    Invitation {
        id: row.id,
        user_id: UserId(row.user_id),
        workspace_id: WorkspaceId(row.workspace_id),
        email: row.email,
        create_time: Timestamp::from_micros(row.created_us),
        expire_time: Timestamp::from_micros(row.expires_us),
        accept_time: row.accepted_us.map(Timestamp::from_micros),
        revoke_time: row.revoked_us.map(Timestamp::from_micros),
        hint: row.hint,
        version: row.version,
    }
}
