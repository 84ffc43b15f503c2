//! Accounts of people who come by another issuer, found by its name for them.

use mesh_store::StoreError;
use mesh_types::{Fault, UserId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::domain::{Account, Change, ExternalIdentity};

use super::{
    Store, accounts,
    entities::external_identity::{ActiveModel, Column, Entity},
};

impl Store {
    /// The account of this identity, and the id by which the two belong together.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find_external(&self, identity: &ExternalIdentity) -> Result<Option<(Uuid, Account)>, StoreError> {
        let found = Entity::find()
            .filter(Column::Issuer.eq(&identity.issuer))
            .filter(Column::Subject.eq(&identity.subject))
            .one(self.database.reader())
            .await?;
        let Some(row) = found else { return Ok(None) };
        Ok(self.find_account(UserId(row.user_id)).await?.map(|account| (row.id, account)))
    }

    /// Keeps the new account of an identity, and the event that tells of it.
    ///
    /// # Errors
    /// ALREADY_EXISTS when another account has the address, or this identity one.
    pub async fn create_external(
        &self,
        id: Uuid,
        identity: &ExternalIdentity,
        account: &Account,
        change: &Change,
    ) -> Result<(), Fault> {
        let transaction = self.database.begin().await?;
        accounts::insert(&transaction, account).await?;
        let row = ActiveModel {
            id: Set(id),
            issuer: Set(identity.issuer.clone()),
            subject: Set(identity.subject.clone()),
            user_id: Set(account.user.id.0),
            created_us: Set(account.user.create_time.as_micros()),
        };
        row.insert(&transaction).await.map_err(StoreError::from)?;
        self.append(&transaction, change).await?;
        Ok(self.commit_and_tell(transaction).await?)
    }
}
