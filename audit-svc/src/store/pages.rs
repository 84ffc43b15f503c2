//! Pages of entries, by keyset. Every query begins with the workspaces it may look into.

use mesh_store::StoreError;
use mesh_types::WorkspaceId;
use sea_orm::{
    ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};
use uuid::Uuid;

use super::{
    Store,
    tables::audit_event::{Column, Entity},
};
use crate::domain::{Entry, HistoryKey, ListKey};

/// The columns of [`ListKey`].
const LIST: [Column; 3] = [Column::RecordUs, Column::Sequence, Column::EventId];
/// The columns of [`HistoryKey`].
const HISTORY: [Column; 3] = [Column::Epoch, Column::Version, Column::EventId];

impl Store {
    /// What happened in these workspaces, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list_events(
        &self,
        workspaces: &[WorkspaceId],
        after: Option<ListKey>,
        limit: u64,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut query = entries_in(workspaces);
        if let Some(ListKey { record_time, sequence, event_id }) = after {
            let last = [Expr::val(record_time.as_micros()), Expr::val(sequence), Expr::val(event_id)];
            query = query.filter(tuple(LIST).lt(Expr::tuple(last)));
        }
        self.read(ordered(query, LIST, Order::Desc).limit(limit)).await
    }

    /// What happened to one thing (its kind and id), as far as it was in these workspaces, in order of its versions.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list_entity_events(
        &self,
        workspaces: &[WorkspaceId],
        (entity, entity_id): (&str, Uuid),
        after: Option<HistoryKey>,
        limit: u64,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut query = entries_in(workspaces).filter(Column::EntityId.eq(entity_id)).filter(Column::Entity.eq(entity));
        if let Some(HistoryKey { epoch, version, event_id }) = after {
            let last = [Expr::val(epoch), Expr::val(version), Expr::val(event_id)];
            query = query.filter(tuple(HISTORY).gt(Expr::tuple(last)));
        }
        self.read(ordered(query, HISTORY, Order::Asc).limit(limit)).await
    }

    async fn read(&self, query: Select<Entity>) -> Result<Vec<Entry>, StoreError> {
        query.all(self.database.reader()).await?.into_iter().map(Entry::try_from).collect()
    }
}

/// Entries of these workspaces: where every query begins.
fn entries_in(workspaces: &[WorkspaceId]) -> Select<Entity> {
    let entries = Entity::find();
    match workspaces {
        [workspace] => entries.filter(Column::WorkspaceId.eq(workspace.0)),
        several => entries.filter(Column::WorkspaceId.is_in(several.iter().map(|workspace| workspace.0))),
    }
}

fn ordered(query: Select<Entity>, columns: [Column; 3], order: Order) -> Select<Entity> {
    columns.into_iter().fold(query, |query, column| query.order_by(column, order.clone()))
}

fn tuple(columns: [Column; 3]) -> SimpleExpr {
    Expr::tuple(columns.map(Expr::col))
}
