//! A delivery is tried again because its person asks for it.

use mesh_store::Change;
use mesh_types::{Caller, Etag, RequestId};
use uuid::Uuid;

use super::{App, Error};
use crate::store::WrittenDelivery;

/// Which delivery to try again.
#[derive(Clone, Debug)]
pub struct RetryDelivery {
    /// Its id.
    pub id: Uuid,
    /// The version that the caller has read, if they care.
    pub etag: Option<Etag>,
    /// Makes repeating the request harmless.
    pub request: Option<RequestId>,
}

impl App {
    /// Tries a delivery again, now, and by the whole schedule if that fails. One that is delivered stays as it is.
    ///
    /// # Errors
    /// When there is no such delivery to the caller, it has changed since it was read, its notification was withdrawn, or
    /// its channel is not used.
    #[tracing::instrument(level = "debug", skip_all, fields(delivery.id = %retry.id))]
    pub async fn retry_delivery(&self, caller: &Caller, retry: &RetryDelivery) -> Result<WrittenDelivery, Error> {
        let now = self.clock.now();
        let change = Change { caller, now, method: "RetryDelivery", request: retry.request.as_ref() };
        let written = self.store.retry_delivery(&change, retry.id, retry.etag.as_ref()).await?;
        self.deliveries_due.notify_one();
        Ok(written)
    }
}
