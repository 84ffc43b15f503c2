//! What can wait: noting when API tokens were last used, and forgetting sessions that ended long ago.

use std::{sync::Arc, time::Duration};

use mesh_types::{Clock, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::{app::Exchange, store::Store};

/// How often uses are written down: they are told to the minute.
const NOTE_EVERY: Duration = Duration::from_secs(10);

/// How often old sessions are looked for.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);

/// For how long an expired session is kept, so that its tokens are told from ones that never were.
const KEEP_EXPIRED: Duration = Duration::from_secs(7 * 86_400);

/// Does what can wait.
pub struct Housekeeping {
    store: Store,
    exchange: Exchange,
    clock: Arc<dyn Clock>,
    pruned: Timestamp,
}

impl Housekeeping {
    /// Writes down the uses that `exchange` has seen, and prunes `store`.
    pub fn new(store: Store, exchange: Exchange, clock: Arc<dyn Clock>) -> Self {
        Self { store, exchange, clock, pruned: Timestamp::from_micros(0) }
    }

    /// Works until `stop`; what is known by then is still written down.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            let stopped = tokio::time::timeout(NOTE_EVERY, stop.cancelled()).await.is_ok();
            self.note_uses().await;
            if stopped {
                return;
            }
            self.prune().await;
        }
    }

    async fn note_uses(&self) {
        let uses = self.exchange.take_uses();
        if let Err(error) = self.store.note_uses(&uses).await {
            tracing::warn!(error = %error, tokens = uses.len(), "last uses of api tokens were not noted");
        }
    }

    async fn prune(&mut self) {
        let now = self.clock.now();
        if now.since(self.pruned) < PRUNE_EVERY {
            return;
        }
        self.pruned = now;
        match self.store.prune_sessions(now.minus(KEEP_EXPIRED)).await {
            Ok(0) => {}
            Ok(sessions) => tracing::info!(sessions, "expired sessions forgotten"),
            Err(error) => tracing::warn!(error = %error, "expired sessions were not forgotten"),
        }
    }
}
