//! The stream of StreamNotifications: where it stands, then every change, and a heartbeat when there is none.

use std::{pin::Pin, time::Duration};

use futures::{Stream, StreamExt};
use mesh_events::live::{LiveEvent, LiveMessage, Subscription};
use mesh_proto::notify::v1::{
    NotificationChange, NotificationWithdrawal, StreamHeartbeat, StreamNotificationsResponse, StreamPosition,
    stream_notifications_response::Event,
};
use mesh_rpc::status;
use tonic::Status;

use super::convert;
use crate::domain::Notification;

/// What StreamNotifications answers with.
pub(super) type NotificationStream = Pin<Box<dyn Stream<Item = Result<StreamNotificationsResponse, Status>> + Send>>;

/// The messages of a subscription; the last one may be why it ended.
pub(super) fn messages(subscription: Subscription<Notification>, heartbeat: Duration) -> NotificationStream {
    Box::pin(subscription.messages(heartbeat).map(|message| message.map(response).map_err(status)))
}

fn response(message: LiveMessage<Notification>) -> StreamNotificationsResponse {
    let event = match message.event {
        LiveEvent::Position => Event::Position(StreamPosition {}),
        LiveEvent::Shown(shown) => change(&shown.item),
        LiveEvent::Heartbeat => Event::Heartbeat(StreamHeartbeat {}),
    };
    StreamNotificationsResponse { event: Some(event), resume_token: message.resume_token }
}

fn change(notification: &Notification) -> Event {
    let (id, version) = (notification.id.to_string(), notification.version);
    let change = || NotificationChange { notification: Some(convert::notification(notification)) };
    match version {
        _ if notification.withdraw_time.is_some() => Event::Withdrawn(NotificationWithdrawal { id, version }),
        1 => Event::Created(change()),
        _ => Event::Updated(change()),
    }
}
