//! Accounts, their workspaces and their passwords' hashes.

use mesh_store::StoreError;
use mesh_types::{Fault, Membership, Role, Timestamp, UserId, WorkspaceId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::domain::{Account, Change, Digest, Error, Session, User};

use super::{
    Store,
    entities::{account, membership, workspace},
    sessions,
};

impl Store {
    /// Keeps a new account with its workspaces, its first session, and the event that tells of it.
    ///
    /// # Errors
    /// ALREADY_EXISTS when another account has the address.
    pub async fn create_account(
        &self,
        account: &Account,
        session: &Session,
        refresh_token: Digest,
        change: &Change,
    ) -> Result<(), Fault> {
        let transaction = self.database.begin().await?;
        row(account).insert(&transaction).await.map_err(taken)?;
        for member in &account.memberships {
            insert_membership(&transaction, account.user.id, *member, account.user.create_time).await?;
        }
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
        self.with_memberships(found).await
    }

    /// The account of this user.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find_account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        let found = account::Entity::find_by_id(id.0).one(self.database.reader()).await?;
        self.with_memberships(found).await
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

    async fn with_memberships(&self, found: Option<account::Model>) -> Result<Option<Account>, StoreError> {
        let Some(row) = found else { return Ok(None) };
        let rows = membership::Entity::find()
            .filter(membership::Column::UserId.eq(row.id))
            .order_by_asc(membership::Column::WorkspaceId)
            .all(self.database.reader())
            .await?;
        let memberships = rows.into_iter().map(member).collect::<Result<_, _>>()?;
        let password_hash = row.password_hash.clone();
        Ok(Some(Account { user: user(row), password_hash, memberships }))
    }
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
