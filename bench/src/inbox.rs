//! Somebody who makes reminders and follows their inbox.

use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context;
use http::Method;
use mesh_proto::notify::v1::{
    Notification, StreamNotificationsRequest, StreamNotificationsResponse, notify_service_client::NotifyServiceClient,
    stream_notifications_response::Event,
};
use tonic::{Streaming, transport::Channel};

use crate::http::Connection;

/// How many reminders of one task a person may have.
pub const REMINDERS_PER_TASK: usize = 100;

/// An instant as time since 1970, which is what services and the bench can compare.
pub type Instant = Duration;

/// The time it is.
pub fn now() -> anyhow::Result<Instant> {
    Ok(UNIX_EPOCH.elapsed()?)
}

/// An open stream of somebody's notifications.
pub struct Inbox(Streaming<StreamNotificationsResponse>);

impl Inbox {
    /// Opens it, and waits until it stands.
    pub async fn open(channel: Channel, token: &str) -> anyhow::Result<Self> {
        let mut request = tonic::Request::new(StreamNotificationsRequest::default());
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
        let mut stream = NotifyServiceClient::new(channel).stream_notifications(request).await?.into_inner();
        stream.message().await?.context("the stream ended at once")?;
        Ok(Self(stream))
    }

    /// The next new notification, and when it came.
    pub async fn next(&mut self) -> anyhow::Result<(Notification, Instant)> {
        loop {
            let message = self.0.message().await?.context("the stream ended")?;
            if let Some(Event::Created(change)) = message.event {
                return Ok((change.notification.context("a change without a notification")?, now()?));
            }
        }
    }
}

/// Makes a task and returns its id.
pub async fn create_task(connection: &mut Connection) -> anyhow::Result<String> {
    let task = connection.json(Method::POST, "/v1/tasks", r#"{"title": "Be reminded"}"#.to_owned()).await?;
    Ok(task["id"].as_str().context("a task without an id")?.to_owned())
}

/// Makes a reminder of `task` that is due at `instant`, given to the microsecond.
pub async fn remind(connection: &mut Connection, task: &str, instant: Instant) -> anyhow::Result<()> {
    let body = format!(r#"{{"at": "{}"}}"#, text(instant));
    connection.call(Method::POST, &format!("/v1/tasks/{task}/reminders"), body).await.map(drop)
}

/// RFC 3339.
fn text(instant: Instant) -> String {
    let nanos = i32::try_from(instant.subsec_nanos()).unwrap_or_default();
    prost_types::Timestamp { seconds: instant.as_secs() as i64, nanos }.to_string()
}

/// A notification's own time: when its reminder was due.
pub fn due(notification: &Notification) -> anyhow::Result<Instant> {
    let due = notification.event_time.as_ref().context("a notification without event_time")?;
    Ok(Duration::new(u64::try_from(due.seconds)?, u32::try_from(due.nanos)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_to_the_microsecond() {
        assert_eq!(text(Duration::new(1_800_000_000, 1_500_000)), "2027-01-15T08:00:00.001500Z");
    }
}
