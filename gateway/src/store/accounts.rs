//! Accounts, their workspaces and their passwords' hashes.

use mesh_store::StoreError;
use mesh_types::{Fault, Membership, Role, Timestamp, UserId, WorkspaceId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::domain::{Account, Change, Digest, Error, Session, User};

use super::{
    Admission, Store,
    entities::{account, membership, workspace},
    sessions,
};

/// Which sessions of a person end with a change of their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// None.
    Nothing,
    /// All.
    Everything,
    /// All but this one.
    AllBut(Uuid),
}

impl Store {
    /// Keeps a new account with its workspaces, its first session, and the event that tells of it.
    ///
    /// # Errors
    /// ALREADY_EXISTS when another account has the address; FAILED_PRECONDITION when it is not let in.
    pub async fn create_account(
        &self,
        account: &Account,
        admission: &Admission<'_>,
        (session, refresh_token): (&Session, Digest),
        change: &Change,
    ) -> Result<(), Fault> {
        let transaction = self.database.begin().await?;
        self.admit(&transaction, account, admission).await?;
        insert(&transaction, account).await?;
        sessions::insert(&transaction, session, refresh_token).await?;
        self.append(&transaction, change).await?;
        Ok(self.commit_and_tell(transaction).await?)
    }

    /// The account with this address, in lower case.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find_account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError> {
        let found =
            account::Entity::find().filter(account::Column::Email.eq(email)).one(self.database.reader()).await?;
        self.whole(found).await
    }

    /// The account of this user.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find_account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        let found = account::Entity::find_by_id(id.0).one(self.database.reader()).await?;
        self.whole(found).await
    }

    /// Lets `decide` change an account, and ends the sessions that `ending` names; nothing is kept unless it answers with
    /// a change.
    ///
    /// # Errors
    /// UNAUTHENTICATED when the account is gone, and what `decide` answers.
    pub async fn update_account(
        &self,
        id: UserId,
        ending: Ending,
        decide: impl FnOnce(&mut Account) -> Result<Option<Change>, Error> + Send,
    ) -> Result<Account, Fault> {
        let transaction = self.database.begin().await?;
        let found = account::Entity::find_by_id(id.0).lock_exclusive().one(&transaction).await;
        let found = found.map_err(StoreError::from)?.ok_or(Error::CredentialUnknown)?;
        let mut account = with_memberships(&transaction, found).await?;
        if let Some(change) = decide(&mut account)? {
            row(&account).update(&transaction).await.map_err(StoreError::from)?;
            sessions::end(&transaction, id, ending, change.time).await?;
            self.append(&transaction, &change).await?;
            self.commit_and_tell(transaction).await?;
        }
        Ok(account)
    }

    /// Puts a hash of the same password in the place of `old`, unless the password has been changed meanwhile.
    ///
    /// # Errors
    /// What the database says.
    pub async fn replace_password_hash(&self, user: UserId, old: &str, new: &str) -> Result<(), StoreError> {
        account::Entity::update_many()
            .set(account::ActiveModel { password_hash: Set(new.to_owned()), ..Default::default() })
            .filter(account::Column::Id.eq(user.0))
            .filter(account::Column::PasswordHash.eq(old))
            .exec(self.database.writer())
            .await?;
        Ok(())
    }

    async fn whole(&self, found: Option<account::Model>) -> Result<Option<Account>, StoreError> {
        match found {
            Some(row) => with_memberships(self.database.reader(), row).await.map(Some),
            None => Ok(None),
        }
    }
}

/// Keeps a new account with its workspaces, in the caller's transaction.
pub(super) async fn insert(transaction: &impl ConnectionTrait, account: &Account) -> Result<(), Fault> {
    row(account).insert(transaction).await.map_err(taken)?;
    for member in &account.memberships {
        insert_membership(transaction, account.user.id, *member, account.user.create_time).await?;
    }
    Ok(())
}

/// Checks that the account's password is still the one that was checked: nobody gets in with one that was changed
/// meanwhile.
pub(super) async fn check_unchanged(transaction: &impl ConnectionTrait, account: &Account) -> Result<(), Fault> {
    let found = account::Entity::find_by_id(account.user.id.0).lock_shared().one(transaction).await;
    let found = found.map_err(StoreError::from)?;
    match found.filter(|row| row.password_hash == account.password_hash) {
        Some(_) => Ok(()),
        None => Err(Error::PasswordJustChanged.into()),
    }
}

async fn with_memberships(connection: &impl ConnectionTrait, row: account::Model) -> Result<Account, StoreError> {
    let rows = membership::Entity::find()
        .filter(membership::Column::UserId.eq(row.id))
        .order_by_asc(membership::Column::WorkspaceId)
        .all(connection)
        .await?;
    let memberships = rows.into_iter().map(member).collect::<Result<_, _>>()?;
    let password_hash = row.password_hash.clone();
    Ok(Account { user: user(row), password_hash, memberships })
}

async fn insert_membership(
    transaction: &impl ConnectionTrait,
    user: UserId,
    member: Membership,
    now: Timestamp,
) -> Result<(), StoreError> {
    workspace::ActiveModel { id: Set(member.id.0), created_us: Set(now.as_micros()) }.insert(transaction).await?;
    let row = membership::ActiveModel {
        user_id: Set(user.0),
        workspace_id: Set(member.id.0),
        role: Set(role_number(member.role)),
    };
    row.insert(transaction).await?;
    Ok(())
}

fn row(account: &Account) -> account::ActiveModel {
    let Account { user, password_hash, .. } = account;
    account::ActiveModel {
        id: Set(user.id.0),
        email: Set(user.email.clone()),
        display_name: Set(user.display_name.clone()),
        time_zone: Set(user.time_zone.clone()),
        day_start: Set(user.day_start.clone()),
        password_hash: Set(password_hash.clone()),
        personal_workspace_id: Set(user.personal_workspace.0),
        version: Set(user.version),
        created_us: Set(user.create_time.as_micros()),
        updated_us: Set(user.update_time.as_micros()),
    }
}

fn user(row: account::Model) -> User {
    User {
        id: UserId(row.id),
        email: row.email,
        display_name: row.display_name,
        time_zone: row.time_zone,
        day_start: row.day_start,
        personal_workspace: WorkspaceId(row.personal_workspace_id),
        create_time: Timestamp::from_micros(row.created_us),
        update_time: Timestamp::from_micros(row.updated_us),
        version: row.version,
    }
}

fn member(row: membership::Model) -> Result<Membership, StoreError> {
    let role = match row.role {
        10 => Role::Viewer,
        20 => Role::Editor,
        30 => Role::Owner,
        _ => return Err(StoreError::corrupt("membership.role")),
    };
    Ok(Membership { id: WorkspaceId(row.workspace_id), role })
}

fn role_number(role: Role) -> i16 {
    match role {
        Role::Viewer => 10,
        Role::Editor => 20,
        Role::Owner => 30,
    }
}

fn taken(error: sea_orm::DbErr) -> Fault {
    let error = StoreError::from(error);
    if error.is_conflict_on("account_email", "account.email") { Error::EmailTaken.into() } else { error.into() }
}
