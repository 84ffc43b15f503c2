//! An invitation to sign up, by the digest of its code.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub workspace_id: Uuid,
    pub email: Option<String>,
    pub hint: String,
    pub digest: Vec<u8>,
    pub version: i64,
    pub created_us: i64,
    pub expires_us: i64,
    pub accepted_us: Option<i64>,
    pub accepted_by: Option<Uuid>,
    pub revoked_us: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
