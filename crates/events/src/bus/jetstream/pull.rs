//! Pulling messages from a consumer, by hand: the client's own batches stall after a heartbeat and prefetch what a paused
//! handler then lets expire. Here nothing is delivered that was not asked for, one inbox serves all requests (so that a
//! late answer is not lost), and silence is noticed after two heartbeats.

use std::time::Duration;

use async_nats::{
    StatusCode, Subject, Subscriber,
    jetstream::{Context, Message},
};
use futures::{FutureExt, StreamExt};
use serde_json::json;
use tokio::time::timeout;

use super::{connection::Connection, stream::unavailable};
use crate::bus::BusError;

/// The most that is asked for at once.
pub(super) const BATCH: usize = 256;
const BATCH_BYTES: usize = 4 << 20;
const EXPIRES: Duration = Duration::from_secs(10);
const HEARTBEAT: Duration = Duration::from_secs(3);

/// What one consumer is asked for, and its answers.
pub(super) struct Puller {
    connection: Connection,
    request_subject: String,
    inbox: Subject,
    answers: Subscriber,
    patience: Duration,
}

impl Puller {
    /// Makes ready to pull from `consumer` of `stream`.
    pub(super) async fn open(connection: &Connection, stream: &str, consumer: &str) -> Result<Self, BusError> {
        let inbox = Subject::from(connection.client.new_inbox());
        let answers = connection.subscribe(inbox.clone()).await?;
        Ok(Self {
            connection: connection.clone(),
            request_subject: format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"),
            inbox,
            answers,
            patience: HEARTBEAT * 2,
        })
    }

    /// Asks for up to `batch` messages as they come, for ten seconds.
    pub(super) async fn wait_for(&mut self, batch: usize) -> Result<(), BusError> {
        self.patience = HEARTBEAT * 2;
        self.ask(json!({
            "batch": batch,
            "expires": EXPIRES.as_nanos() as u64,
            "idle_heartbeat": HEARTBEAT.as_nanos() as u64,
        }))
        .await
    }

    /// Asks for up to `batch` messages of those that are there.
    pub(super) async fn take(&mut self, batch: usize) -> Result<(), BusError> {
        self.patience = HEARTBEAT;
        self.ask(json!({ "batch": batch, "no_wait": true, "max_bytes": BATCH_BYTES })).await
    }

    async fn ask(&self, request: serde_json::Value) -> Result<(), BusError> {
        let (client, subject) = (&self.connection.client, self.request_subject.clone());
        let sent = client.publish_with_reply(subject, self.inbox.clone(), request.to_string().into()).await;
        sent.map_err(|error| unavailable("consumer cannot be pulled from", &error))
    }

    /// The next message; `None` when there will be no more for what was asked last.
    ///
    /// # Errors
    /// When the consumer is gone, or nothing was heard for two heartbeats.
    pub(super) async fn next(&mut self) -> Result<Option<Message>, BusError> {
        loop {
            let silent = |_| BusError::Unavailable("consumer is silent".to_owned());
            let answer = timeout(self.patience, self.answers.next()).await.map_err(silent)?;
            let answer = answer.ok_or_else(|| BusError::Unavailable("nats connection is closed".to_owned()))?;
            if answer.status != Some(StatusCode::IDLE_HEARTBEAT) {
                return interpret(answer, &self.connection.jetstream);
            }
        }
    }

    /// What `next` returns, if it is here already.
    pub(super) fn ready(&mut self) -> Option<Result<Option<Message>, BusError>> {
        self.next().now_or_never()
    }

    /// Stops, and returns messages that were delivered but not looked at.
    pub(super) async fn close(mut self) -> Vec<Message> {
        let _ = self.answers.unsubscribe().await;
        let mut left = Vec::new();
        while let Some(Some(answer)) = self.answers.next().now_or_never() {
            left.extend(interpret(answer, &self.connection.jetstream).ok().flatten());
        }
        left
    }
}

/// The message in an answer; `None` when it says that the request is done.
fn interpret(answer: async_nats::Message, context: &Context) -> Result<Option<Message>, BusError> {
    let description = answer.description.as_deref().unwrap_or_default();
    match answer.status {
        None | Some(StatusCode::OK) => Ok(Some(Message { message: answer, context: context.clone() })),
        Some(StatusCode::NOT_FOUND | StatusCode::TIMEOUT | StatusCode::IDLE_HEARTBEAT) => Ok(None),
        Some(StatusCode::REQUEST_TERMINATED) if description.contains("MaxBytes") || description.contains("Batch") => {
            Ok(None)
        }
        Some(StatusCode::NO_RESPONDERS) => Err(BusError::Unavailable("consumer is missing".to_owned())),
        Some(status) => Err(BusError::Unavailable(format!("pull ended: {status} {description}"))),
    }
}
