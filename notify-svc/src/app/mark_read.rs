//! A person reads a notification.

use mesh_store::Change;
use mesh_types::{Caller, Etag, RequestId};

use super::{App, Error, Written};
use crate::domain::{Cause, NotificationId};

/// Which notification was read.
#[derive(Clone, Debug)]
pub struct MarkRead {
    /// Its id.
    pub id: NotificationId,
    /// The version that the caller has read, if they care.
    pub etag: Option<Etag>,
    /// Makes repeating the request harmless.
    pub request: Option<RequestId>,
}

impl App {
    /// Marks one of the caller's notifications as read, and so as seen. One that is read already stays as it is.
    ///
    /// # Errors
    /// When the caller has no such notification, or it has changed since it was read.
    #[tracing::instrument(level = "debug", skip_all, fields(notification.id = %mark.id))]
    pub async fn mark_read(&self, caller: &Caller, mark: &MarkRead) -> Result<Written, Error> {
        let now = self.clock.now();
        let change = Change { caller, now, method: "MarkRead", request: mark.request.as_ref() };
        let read = |it: &crate::domain::Notification| it.read(Cause::from(caller), now);
        Ok(self.store.update_notification(&change, mark.id, mark.etag.as_ref(), read).await?)
    }
}
