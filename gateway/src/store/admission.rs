//! Who may become an account: decided in the transaction that makes it, so that it holds however many sign up at once.

use mesh_store::{Sql, StoreError, Transaction};
use mesh_types::{Fault, Timestamp, UserId};
use sea_orm::{EntityTrait, QuerySelect};

use crate::domain::{Account, Change, Digest, Error, Invitation};

use super::{Store, entities::account, invitations};

const FOUND: Sql = Sql::both("INSERT INTO first_account (one, user_id) VALUES (1, $1)");

/// By what somebody may sign up.
pub enum Admission<'a> {
    /// Everybody may.
    Open,
    /// By being the first on an empty server.
    First,
    /// By an invitation.
    Invited {
        /// The digest of its code.
        code: Digest,
        /// When it is used.
        now: Timestamp,
        /// What tells of it.
        change: &'a (dyn Fn(&Invitation) -> Change + Sync),
    },
}

impl Store {
    /// Whether nobody has an account.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let any = account::Entity::find().select_only().column(account::Column::Id).limit(1);
        Ok(any.into_tuple::<uuid::Uuid>().one(self.database.reader()).await?.is_none())
    }

    /// Lets the account in, or not.
    pub(super) async fn admit(
        &self,
        transaction: &Transaction,
        account: &Account,
        admission: &Admission<'_>,
    ) -> Result<(), Fault> {
        match admission {
            Admission::Open => Ok(()),
            Admission::First => found(transaction, account.user.id).await,
            Admission::Invited { code, now, change } => {
                let mut invitation = invitations::lock_by_code(transaction, *code).await?;
                invitation.accept(&account.user.email, *now)?;
                invitations::keep_accepted(transaction, &invitation, account.user.id).await?;
                Ok(self.append(transaction, &change(&invitation)).await?)
            }
        }
    }
}

/// Of many who are first at once, one is.
async fn found(transaction: &Transaction, user: UserId) -> Result<(), Fault> {
    match FOUND.run(transaction, [user.0.into()]).await {
        Ok(_) => Ok(()),
        Err(StoreError::Conflict { .. }) => Err(Error::InvitationNeeded.into()),
        Err(error) => Err(error.into()),
    }
}
