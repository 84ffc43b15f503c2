//! The bus of a mesh: one NATS JetStream stream. Everything recovers by itself from a server that is gone for a while,
//! and from one that comes back empty.

mod config;
mod connection;
mod consume;
mod publish;
mod pull;
mod stream;
mod tail;

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use self::config::NatsConfig;
use self::{connection::Connection, stream::EventStream};
use super::{
    BatchHandler, BusError, Durable, EventBus, Filter, Position, Published, SignalStream, TailFrom, TailStream,
};
use crate::Envelope;

/// An event bus on NATS JetStream.
pub struct JetStreamBus {
    stream: EventStream,
}

impl JetStreamBus {
    /// Begins to connect and returns at once; until the connection is there, operations answer
    /// [`BusError::Unavailable`]. The stream is made when it is first needed.
    ///
    /// # Errors
    /// [`BusError::Refused`] for settings that cannot be meant.
    pub async fn connect(config: &NatsConfig) -> Result<Self, BusError> {
        config.validate()?;
        let connection = Connection::open(config).await?;
        Ok(Self { stream: EventStream::new(connection, config.clone()) })
    }

    /// Sends what is still on its way (acknowledgements, signals) and closes the connection.
    pub async fn close(&self) {
        if let Err(error) = self.stream.connection.client.drain().await {
            tracing::debug!(error = %error, "nats connection was closed already");
        }
    }
}

#[async_trait]
impl EventBus for JetStreamBus {
    async fn publish_placed(&self, events: &[Envelope]) -> Result<Published, BusError> {
        publish::publish(&self.stream, events).await
    }

    async fn holds(&self, place: &Position, id: Uuid) -> Result<bool, BusError> {
        self.stream.holds(place, id).await
    }

    fn session(&self) -> u64 {
        self.stream.connection.link().generation
    }

    async fn consume(
        &self,
        durable: Durable,
        handler: Arc<dyn BatchHandler>,
        stop: CancellationToken,
    ) -> Result<(), BusError> {
        consume::run(&self.stream, &durable, handler.as_ref(), &stop).await;
        Ok(())
    }

    async fn backlog(&self, durable: &Durable) -> Result<u64, BusError> {
        consume::backlog(&self.stream, durable).await
    }

    async fn tail(&self, filter: Filter, from: TailFrom) -> Result<TailStream, BusError> {
        tail::open(self.stream.clone(), filter, from).await
    }

    async fn signal(&self, topic: &str) {
        let connection = &self.stream.connection;
        if connection.link().up {
            let subject = self.stream.config.signal_subject(topic);
            if let Err(error) = connection.client.publish(subject, bytes::Bytes::new()).await {
                tracing::debug!(error = %error, "signal was not sent");
            }
        }
    }

    async fn signals(&self, topic: &str) -> Result<SignalStream, BusError> {
        let connection = &self.stream.connection;
        connection.ready().await?;
        let signals = connection.subscribe(self.stream.config.signal_subject(topic)).await?;
        connection.round_trip(self.stream.config.request_timeout()).await?;
        Ok(signals.ready_chunks(64).map(|_| ()).boxed())
    }

    async fn identity(&self) -> Result<String, BusError> {
        self.stream.identity().await
    }

    async fn head(&self) -> Result<Position, BusError> {
        Ok(stream::head(self.stream.ensure().await?.cached_info()))
    }
}
