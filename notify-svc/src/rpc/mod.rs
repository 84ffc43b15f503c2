//! gRPC in: decode, call the use case, encode. What goes wrong becomes a status here.

pub(crate) mod convert;
mod stream;

use std::{sync::Arc, time::Duration};

use mesh_proto::notify::v1::{
    Channel, CreateChannelRequest, DeleteChannelRequest, Delivery, GetChannelRequest, ListChannelsRequest,
    ListChannelsResponse, ListDeliveriesRequest, ListDeliveriesResponse, ListNotificationsRequest,
    ListNotificationsResponse, MarkReadRequest, MarkSeenRequest, MarkSeenResponse, Notification, RetryDeliveryRequest,
    StreamNotificationsRequest, UpdateChannelRequest, notify_service_server::NotifyService,
};
use mesh_rpc::{accept, status};
use mesh_types::Fault;
use tonic::{Request, Response, Status, async_trait};

use crate::app::{App, Error, ListNotifications, MarkRead, MarkSeen, StreamNotifications};
use stream::NotificationStream;

/// `taskmesh.notify.v1.NotifyService`.
pub struct NotifyRpc {
    app: Arc<App>,
    heartbeat: Duration,
}

impl NotifyRpc {
    /// The service over these use cases; a stream without changes says so every `heartbeat`.
    pub fn new(app: Arc<App>, heartbeat: Duration) -> Self {
        Self { app, heartbeat }
    }
}

#[async_trait]
impl NotifyService for NotifyRpc {
    async fn list_notifications(
        &self,
        request: Request<ListNotificationsRequest>,
    ) -> Result<Response<ListNotificationsResponse>, Status> {
        let (caller, message) = accept(request)?;
        let list = ListNotifications::try_from(message).map_err(status)?;
        let page = self.app.list_notifications(&caller, list).await.map_err(refused)?;
        Ok(Response::new(convert::page(page)))
    }

    async fn mark_read(&self, request: Request<MarkReadRequest>) -> Result<Response<Notification>, Status> {
        let (caller, message) = accept(request)?;
        let mark = MarkRead::try_from(message).map_err(status)?;
        let written = self.app.mark_read(&caller, &mark).await.map_err(refused)?;
        Ok(Response::new(convert::written(&written)))
    }

    async fn mark_seen(&self, request: Request<MarkSeenRequest>) -> Result<Response<MarkSeenResponse>, Status> {
        let (caller, message) = accept(request)?;
        let mark = MarkSeen::try_from(message).map_err(status)?;
        let count = self.app.mark_seen(&caller, mark).await.map_err(refused)?;
        Ok(Response::new(MarkSeenResponse { changed_count: count.try_into().unwrap_or(i64::MAX) }))
    }

    type StreamNotificationsStream = NotificationStream;

    async fn stream_notifications(
        &self,
        request: Request<StreamNotificationsRequest>,
    ) -> Result<Response<NotificationStream>, Status> {
        let (caller, message) = accept(request)?;
        let watch = StreamNotifications::try_from(message).map_err(status)?;
        let subscription = self.app.stream_notifications(&caller, watch).await.map_err(refused)?;
        Ok(Response::new(stream::messages(subscription, self.heartbeat)))
    }

    async fn create_channel(&self, request: Request<CreateChannelRequest>) -> Result<Response<Channel>, Status> {
        let (caller, message) = accept(request)?;
        let new = message.try_into().map_err(status)?;
        let written = self.app.create_channel(&caller, new).await.map_err(refused)?;
        Ok(Response::new(convert::written_channel(&written)))
    }

    async fn get_channel(&self, request: Request<GetChannelRequest>) -> Result<Response<Channel>, Status> {
        let (caller, message) = accept(request)?;
        let id = convert::get_channel(&message).map_err(status)?;
        let channel = self.app.get_channel(&caller, id).await.map_err(refused)?;
        Ok(Response::new(convert::channel(&channel)))
    }

    async fn list_channels(
        &self,
        request: Request<ListChannelsRequest>,
    ) -> Result<Response<ListChannelsResponse>, Status> {
        let (caller, message) = accept(request)?;
        let list = message.try_into().map_err(status)?;
        let page = self.app.list_channels(&caller, list).await.map_err(refused)?;
        let channels = page.channels.iter().map(convert::channel).collect();
        Ok(Response::new(ListChannelsResponse { channels, next_page_token: page.next_page_token }))
    }

    async fn update_channel(&self, request: Request<UpdateChannelRequest>) -> Result<Response<Channel>, Status> {
        let (caller, message) = accept(request)?;
        let update = message.try_into().map_err(status)?;
        let written = self.app.update_channel(&caller, update).await.map_err(refused)?;
        Ok(Response::new(convert::written_channel(&written)))
    }

    async fn delete_channel(&self, request: Request<DeleteChannelRequest>) -> Result<Response<Channel>, Status> {
        let (caller, message) = accept(request)?;
        let delete = message.try_into().map_err(status)?;
        let written = self.app.delete_channel(&caller, &delete).await.map_err(refused)?;
        Ok(Response::new(convert::written_channel(&written)))
    }

    async fn list_deliveries(
        &self,
        request: Request<ListDeliveriesRequest>,
    ) -> Result<Response<ListDeliveriesResponse>, Status> {
        let (caller, message) = accept(request)?;
        let list = message.try_into().map_err(status)?;
        let page = self.app.list_deliveries(&caller, list).await.map_err(refused)?;
        let deliveries = page.deliveries.iter().map(convert::delivery).collect();
        Ok(Response::new(ListDeliveriesResponse { deliveries, next_page_token: page.next_page_token }))
    }

    async fn retry_delivery(&self, request: Request<RetryDeliveryRequest>) -> Result<Response<Delivery>, Status> {
        let (caller, message) = accept(request)?;
        let retry = message.try_into().map_err(status)?;
        let written = self.app.retry_delivery(&caller, &retry).await.map_err(refused)?;
        Ok(Response::new(convert::written_delivery(&written)))
    }
}

fn refused(error: Error) -> Status {
    status(Fault::from(error))
}
