//! What can be done with the record: one file per use case.

mod list_audit_events;
mod list_entity_events;
mod page;
mod record_events;

use std::sync::Arc;

use mesh_types::Clock;

use crate::store::Store;

pub use list_audit_events::ListAuditEvents;
pub use list_entity_events::ListEntityEvents;
pub use page::EntryPage;

/// Every use case, and what they need.
pub struct App {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl App {
    /// The use cases on this store.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }
}
