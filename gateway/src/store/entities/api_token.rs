//! A token that a person made for a program, by its digest.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub workspace_id: Uuid,
    pub name: String,
    /// Separated by spaces.
    pub scopes: String,
    pub hint: String,
    pub digest: Vec<u8>,
    pub version: i64,
    pub created_us: i64,
    pub expires_us: Option<i64>,
    pub last_used_us: Option<i64>,
    pub revoked_us: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
