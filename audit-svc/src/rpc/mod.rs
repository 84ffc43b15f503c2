//! gRPC in: decode, call the use case, encode. What goes wrong becomes a status here.

mod convert;
mod render;

use std::sync::Arc;

use mesh_proto::audit::v1::{
    ListAuditEventsRequest, ListAuditEventsResponse, ListEntityEventsRequest, ListEntityEventsResponse,
    audit_service_server::AuditService,
};
use mesh_rpc::{accept, status};
use tonic::{Request, Response, Status, async_trait};

use crate::app::{App, ListAuditEvents, ListEntityEvents};

/// `taskmesh.audit.v1.AuditService`.
pub struct AuditRpc {
    app: Arc<App>,
}

impl AuditRpc {
    /// The service over these use cases.
    pub fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[async_trait]
impl AuditService for AuditRpc {
    async fn list_audit_events(
        &self,
        request: Request<ListAuditEventsRequest>,
    ) -> Result<Response<ListAuditEventsResponse>, Status> {
        let (caller, message) = accept(request)?;
        let list = ListAuditEvents::try_from(message).map_err(status)?;
        let page = self.app.list_audit_events(&caller, list).await.map_err(status)?;
        let (events, next_page_token) = convert::page(page);
        Ok(Response::new(ListAuditEventsResponse { events, next_page_token }))
    }

    async fn list_entity_events(
        &self,
        request: Request<ListEntityEventsRequest>,
    ) -> Result<Response<ListEntityEventsResponse>, Status> {
        let (caller, message) = accept(request)?;
        let list = ListEntityEvents::try_from(message).map_err(status)?;
        let page = self.app.list_entity_events(&caller, list).await.map_err(status)?;
        let (events, next_page_token) = convert::page(page);
        Ok(Response::new(ListEntityEventsResponse { events, next_page_token }))
    }
}
