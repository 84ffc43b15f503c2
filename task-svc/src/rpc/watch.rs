//! The stream of WatchTasks: where it stands, then every change, and a heartbeat when there is none.

use std::{pin::Pin, time::Duration};

use futures::{Stream, StreamExt};
use mesh_events::live::{LiveEvent, LiveMessage, Subscription};
use mesh_proto::task::v1::{
    TaskChange, WatchHeartbeat, WatchPosition, WatchTasksResponse, watch_tasks_response::Event,
};
use mesh_rpc::status;
use tonic::Status;

use super::convert;
use crate::domain::Task;

/// What WatchTasks answers with.
pub(super) type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchTasksResponse, Status>> + Send>>;

/// The messages of a subscription; the last one may be why it ended.
pub(super) fn messages(subscription: Subscription<Task>, heartbeat: Duration) -> WatchStream {
    Box::pin(subscription.messages(heartbeat).map(|told| told.map(message).map_err(status)))
}

fn message(told: LiveMessage<Task>) -> WatchTasksResponse {
    let event = match told.event {
        LiveEvent::Position => Event::Position(WatchPosition {}),
        LiveEvent::Shown(shown) => Event::Changed(TaskChange { task: Some(convert::task(&shown.item)) }),
        LiveEvent::Heartbeat => Event::Heartbeat(WatchHeartbeat {}),
    };
    WatchTasksResponse { event: Some(event), resume_token: told.resume_token }
}
