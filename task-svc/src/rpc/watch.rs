//! The stream of WatchTasks: where it stands, then every change, and a heartbeat when there is none.

use std::{pin::Pin, time::Duration};

use futures::{Stream, stream};
use mesh_proto::task::v1::{
    TaskChange, WatchHeartbeat, WatchPosition, WatchTasksResponse, watch_tasks_response::Event,
};
use mesh_rpc::status;
use mesh_types::Fault;
use tonic::Status;

use super::convert;
use crate::app::{Ended, Subscription};

/// What WatchTasks answers with.
pub(super) type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchTasksResponse, Status>> + Send>>;

enum State {
    Opening(Subscription),
    Watching(Subscription),
    Over,
}

/// The messages of a subscription; the last one may be why it ended.
pub(super) fn messages(subscription: Subscription, heartbeat: Duration) -> WatchStream {
    Box::pin(stream::unfold(State::Opening(subscription), move |state| next(state, heartbeat)))
}

async fn next(state: State, heartbeat: Duration) -> Option<(Result<WatchTasksResponse, Status>, State)> {
    let mut subscription = match state {
        State::Over => return None,
        State::Opening(subscription) => {
            let position = message(Event::Position(WatchPosition {}), &subscription);
            return Some((Ok(position), State::Watching(subscription)));
        }
        State::Watching(subscription) => subscription,
    };
    match tokio::time::timeout(heartbeat, subscription.next()).await {
        Ok(Ok(shown)) => {
            let change = TaskChange { task: Some(convert::task(&shown.task)) };
            Some((Ok(message(Event::Changed(change), &subscription)), State::Watching(subscription)))
        }
        Ok(Err(ended)) => Some((Err(farewell(ended, &subscription)), State::Over)),
        Err(_quiet) => {
            subscription.catch_up();
            let beat = message(Event::Heartbeat(WatchHeartbeat {}), &subscription);
            Some((Ok(beat), State::Watching(subscription)))
        }
    }
}

fn message(event: Event, subscription: &Subscription) -> WatchTasksResponse {
    WatchTasksResponse { event: Some(event), resume_token: convert::token(subscription.place()) }
}

fn farewell(ended: Ended, subscription: &Subscription) -> Status {
    let fault = Fault::from(ended);
    match ended {
        Ended::Resync => status(fault),
        Ended::TooSlow => status(fault.with("resume_token", convert::token(subscription.place()))),
    }
}
