//! The deliveries to a person are listed with their attempts, newest first, page by page.

use mesh_types::{Caller, PageSize, PageToken, WorkspaceSelector};

use super::{App, Error, page};
use crate::{domain::Delivery, store::DeliveriesPage};

/// Which of the deliveries to the caller to list.
#[derive(Clone, Debug)]
pub struct ListDeliveries {
    /// Of which workspaces.
    pub workspaces: WorkspaceSelector,
    /// How many at most.
    pub page_size: PageSize,
    /// Where to begin: the token that came with the page before.
    pub page_token: String,
}

/// A page of deliveries.
#[derive(Clone, Debug)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<Delivery>,
    /// Asks for the next page; empty on the last one.
    pub next_page_token: String,
}

impl App {
    /// One page of the deliveries to the caller. It is short when they are large.
    ///
    /// # Errors
    /// When the caller cannot see the workspace, or the token is not one of this list's.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn list_deliveries(&self, caller: &Caller, list: ListDeliveries) -> Result<DeliveryPage, Error> {
        let ListDeliveries { workspaces, page_size, page_token } = list;
        let identity = page::identity("deliveries", caller, workspaces, "");
        let identity = identity.each_ref().map(String::as_str);
        let after = PageToken::decode(&page_token, &identity)?;
        let (user, workspaces) = (caller.actor.user_id, caller.select(workspaces)?);
        let page = DeliveriesPage { user, workspaces, after, limit: page_size.get() + 1 };
        let mut deliveries = self.store.list_deliveries(&page).await?;
        let more = page::cut(&mut deliveries, page_size, Delivery::weight);
        let last = deliveries.last().filter(|_| more).map(|last| (last.create_time, last.id));
        let next_page_token = last.map_or(Ok(String::new()), |key| PageToken::encode(&key, &identity))?;
        Ok(DeliveryPage { deliveries, next_page_token })
    }
}
