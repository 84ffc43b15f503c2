//! The inbox, channels and deliveries.

use mesh_proto::notify::v1::{
    Channel, CreateChannelRequest, Delivery, GetChannelRequest, ListDeliveriesRequest, ListDeliveriesResponse,
    ListNotificationsRequest, ListNotificationsResponse, MarkReadRequest, MarkSeenRequest, MarkSeenResponse,
    Notification, StreamNotificationsRequest, StreamNotificationsResponse,
};

use super::Answer;
use crate::{Client, Messages};

#[expect(missing_docs, reason = "each is the RPC of its name")]
impl Client {
    pub async fn stream_notifications(&self, resume_token: &str) -> Answer<Messages<StreamNotificationsResponse>> {
        let resume_token = resume_token.to_owned();
        let request = StreamNotificationsRequest { resume_token, ..StreamNotificationsRequest::default() };
        self.stream("taskmesh.notify.v1.NotifyService/StreamNotifications", &request).await
    }

    /// The caller's whole inbox, withdrawn notifications too, newest first.
    pub async fn all_notifications(&self) -> Answer<Vec<Notification>> {
        let mut request =
            ListNotificationsRequest { page_size: 1000, show_withdrawn: true, ..ListNotificationsRequest::default() };
        let mut notifications = Vec::new();
        loop {
            let page: ListNotificationsResponse =
                self.call("taskmesh.notify.v1.NotifyService/ListNotifications", &request).await?;
            notifications.extend(page.notifications);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return Ok(notifications);
            }
        }
    }

    pub async fn mark_read(&self, id: &str, request_id: &str) -> Answer<Notification> {
        let (id, request_id) = (id.to_owned(), request_id.to_owned());
        let request = MarkReadRequest { id, request_id, ..MarkReadRequest::default() };
        self.call("taskmesh.notify.v1.NotifyService/MarkRead", &request).await
    }

    /// Marks everything in the inbox as seen.
    pub async fn mark_seen(&self, request_id: &str) -> Answer<MarkSeenResponse> {
        let request = MarkSeenRequest { request_id: request_id.to_owned(), ..MarkSeenRequest::default() };
        self.call("taskmesh.notify.v1.NotifyService/MarkSeen", &request).await
    }

    pub async fn create_channel(&self, channel: Channel, request_id: &str) -> Answer<Channel> {
        let (channel, request_id) = (Some(channel), request_id.to_owned());
        let request = CreateChannelRequest { channel, request_id, ..CreateChannelRequest::default() };
        self.call("taskmesh.notify.v1.NotifyService/CreateChannel", &request).await
    }

    pub async fn get_channel(&self, id: &str) -> Answer<Channel> {
        let request = GetChannelRequest { id: id.to_owned() };
        self.call("taskmesh.notify.v1.NotifyService/GetChannel", &request).await
    }

    /// Every delivery to the caller, newest first.
    pub async fn all_deliveries(&self) -> Answer<Vec<Delivery>> {
        let mut request = ListDeliveriesRequest { page_size: 1000, ..ListDeliveriesRequest::default() };
        let mut deliveries = Vec::new();
        loop {
            let page: ListDeliveriesResponse =
                self.call("taskmesh.notify.v1.NotifyService/ListDeliveries", &request).await?;
            deliveries.extend(page.deliveries);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return Ok(deliveries);
            }
        }
    }
}
