//! The connection to NATS: made in the background, remade for ever, and known to be up or down.

use std::time::Duration;

use async_nats::{
    Client, ConnectOptions, Event, Subject, Subscriber,
    jetstream::{self, context::ContextBuilder},
    subject::ToSubject,
};
use futures::StreamExt;
use tokio::{sync::watch, time::timeout};

use super::{NatsConfig, stream::unavailable};
use crate::bus::{BusError, backoff::jittered};

/// Publications under way at once.
pub(super) const MAX_ACK_INFLIGHT: usize = 1024;

/// An operation waits so long for a connection that is being made.
const CONNECTING: Duration = Duration::from_secs(2);

/// The state of the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) up: bool,
    /// How many times it has come up.
    pub(super) generation: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) jetstream: jetstream::Context,
    link: watch::Receiver<Link>,
}

impl Connection {
    /// Begins to connect; returns at once whether or not a server is there.
    pub(super) async fn open(config: &NatsConfig) -> Result<Self, BusError> {
        let (state, link) = watch::channel(Link::default());
        let options = match &config.credentials_file {
            Some(path) => ConnectOptions::with_credentials_file(path).await.map_err(|error| refused(&error))?,
            None => ConnectOptions::new(),
        };
        let options = options
            .name(concat!("taskmesh ", env!("CARGO_PKG_VERSION")))
            .retry_on_initial_connect()
            .max_reconnects(None)
            .reconnect_delay_callback(reconnect_delay)
            .connection_timeout(Duration::from_secs(5))
            .request_timeout(Some(config.request_timeout()))
            .ping_interval(Duration::from_secs(10))
            .event_callback(move |event| {
                note(&state, &event);
                std::future::ready(())
            });
        let servers: Vec<_> = config.url.split(',').map(str::trim).collect();
        let client = options.connect(servers).await.map_err(|error| refused(&error))?;
        let jetstream = ContextBuilder::new()
            .timeout(config.request_timeout())
            .ack_timeout(config.request_timeout())
            .max_ack_inflight(MAX_ACK_INFLIGHT)
            .backpressure_on_inflight(true)
            .build(client.clone());
        Ok(Self { client, jetstream, link })
    }

    /// Returns when connected.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] when that takes too long.
    pub(super) async fn ready(&self) -> Result<Link, BusError> {
        let mut link = self.link.clone();
        let up = timeout(CONNECTING, link.wait_for(|link| link.up)).await;
        match up {
            Ok(Ok(link)) => Ok(*link),
            _ => Err(BusError::Unavailable("not connected to NATS".to_owned())),
        }
    }

    /// Asks for what is published on `subject`.
    pub(super) async fn subscribe(&self, subject: impl ToSubject) -> Result<Subscriber, BusError> {
        self.client.subscribe(subject).await.map_err(|error| unavailable("nats cannot be listened to", &error))
    }

    /// Returns when the server has seen everything that was asked of it: a message to ourselves has come back.
    pub(super) async fn round_trip(&self, patience: Duration) -> Result<(), BusError> {
        let inbox = Subject::from(self.client.new_inbox());
        let mut echo = self.subscribe(inbox.clone()).await?;
        let sent = self.client.publish(inbox, bytes::Bytes::new()).await;
        sent.map_err(|error| unavailable("nats cannot be spoken to", &error))?;
        match timeout(patience, echo.next()).await {
            Ok(Some(_)) => Ok(()),
            _ => Err(BusError::Unavailable("nats does not answer".to_owned())),
        }
    }

    /// The state of the connection now.
    pub(super) fn link(&self) -> Link {
        *self.link.borrow()
    }

    /// Returns when the connection has come up again after `generation`: whatever was asked for before may be lost.
    pub(super) async fn renewed(&self, generation: u64) {
        let mut link = self.link.clone();
        if link.wait_for(|link| link.generation > generation).await.is_err() {
            std::future::pending().await
        }
    }
}

/// 50 ms, then twice as long each time up to 2 s.
fn reconnect_delay(attempts: usize) -> Duration {
    jittered(Duration::from_millis(50 << attempts.clamp(1, 6)).min(Duration::from_secs(2)))
}

fn note(state: &watch::Sender<Link>, event: &Event) {
    match event {
        Event::Connected => {
            tracing::info!("connected to nats");
            state.send_modify(|link| *link = Link { up: true, generation: link.generation + 1 });
        }
        Event::Disconnected | Event::Closed => {
            tracing::warn!("disconnected from nats");
            state.send_modify(|link| link.up = false);
        }
        Event::ClientError(error) => tracing::debug!(error = %error, "nats client failed"),
        other => tracing::warn!(nats.event = %other, "nats reports"),
    }
}

fn refused(error: &dyn std::fmt::Display) -> BusError {
    BusError::Refused(format!("NATS settings: {error}"))
}
