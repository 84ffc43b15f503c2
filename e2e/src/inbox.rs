//! Somebody's inbox, followed as it changes.

use anyhow::{Context, Result, bail};
use futures::StreamExt;
use mesh_proto::notify::v1::{
    Notification, NotificationWithdrawal, StreamNotificationsResponse, stream_notifications_response::Event,
};

use crate::{Client, Messages, PATIENCE};

/// A stream of notifications that has said where it stands.
pub struct Inbox {
    messages: Messages<StreamNotificationsResponse>,
    resume_token: String,
}

impl Inbox {
    /// Opens a stream: from now on, or right after the message that `resume_token` came with.
    ///
    /// # Errors
    /// When it is refused, or begins with anything but its position.
    pub async fn open(client: &Client, resume_token: &str) -> Result<Self> {
        let messages = client.stream_notifications(resume_token).await?;
        let mut inbox = Self { messages, resume_token: String::new() };
        match inbox.next().await? {
            Event::Position(_) => Ok(inbox),
            other => bail!("a stream begins with its position, not {other:?}"),
        }
    }

    /// The next message that is no heartbeat.
    ///
    /// # Errors
    /// When the stream ends, or nothing comes for too long.
    pub async fn next(&mut self) -> Result<Event> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.messages.next()).await.context("nothing came")?;
            let message = message.context("the stream ended")??;
            self.resume_token = message.resume_token;
            match message.event {
                Some(Event::Heartbeat(_)) => {}
                other => return other.context("an empty message"),
            }
        }
    }

    /// The next message, which is a new notification.
    ///
    /// # Errors
    /// When it is anything else.
    pub async fn created(&mut self) -> Result<Notification> {
        match self.next().await? {
            Event::Created(change) => change.notification.context("a change is of a notification"),
            other => bail!("no new notification: {other:?}"),
        }
    }

    /// The next message, which takes a notification back.
    ///
    /// # Errors
    /// When it is anything else.
    pub async fn withdrawn(&mut self) -> Result<NotificationWithdrawal> {
        match self.next().await? {
            Event::Withdrawn(withdrawal) => Ok(withdrawal),
            other => bail!("nothing was taken back: {other:?}"),
        }
    }

    /// Where the stream stands after the last message.
    pub fn resume_token(&self) -> &str {
        &self.resume_token
    }
}
