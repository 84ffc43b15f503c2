//! Where accounts, sessions and tokens are kept: the only place with sea-orm. A change and its event are one transaction.

mod accounts;
mod admission;
mod api_tokens;
mod entities;
mod external_identities;
mod invitations;
mod migrations;
mod sessions;

use std::sync::Arc;

use mesh_events::{EventLog, NewEvent};
use mesh_store::{Database, StoreError, Transaction};

pub use accounts::Ending;
pub use admission::Admission;
pub use api_tokens::TokenUse;
pub use migrations::migrations;

use crate::domain::Change;

/// Turns a change into the event that tells of it.
pub type Publish = fn(&Change) -> NewEvent;

/// The gateway's database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    database: Database,
    log: Arc<EventLog>,
    publish: Publish,
}

impl Store {
    /// The store in `database`, whose changes are told through `log`.
    pub fn new(database: Database, log: Arc<EventLog>, publish: Publish) -> Self {
        Self { database, log, publish }
    }

    /// Appends the event of a change to its transaction.
    async fn append(&self, transaction: &Transaction, change: &Change) -> Result<(), StoreError> {
        self.log.append(transaction, &[(self.publish)(change)]).await
    }

    /// Commits a transaction to which an event was appended.
    async fn commit_and_tell(&self, transaction: Transaction) -> Result<(), StoreError> {
        mesh_store::commit(transaction).await?;
        self.log.committed();
        Ok(())
    }
}
