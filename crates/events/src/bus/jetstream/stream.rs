//! The stream that events are kept in: made when it is missing, known by name and time of birth, kept from overflowing.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_nats::{
    header::NATS_MESSAGE_ID,
    jetstream::{
        self, ErrorCode,
        consumer::Info as ConsumerInfo,
        context::GetStreamErrorKind,
        stream::{Config, DiscardPolicy, Info, RawMessageErrorKind, RetentionPolicy, StorageType, Stream},
    },
};
use futures::TryStreamExt;
use tokio::time::Instant;
use uuid::Uuid;

use super::{NatsConfig, connection::Connection};
use crate::bus::{BusError, MAX_EVENT_BYTES, Position};

/// The identity is believed this long without asking; a new connection asks anyway.
const IDENTITY_AGE: Duration = Duration::from_secs(3);
/// How often a publisher looks how full the stream is.
const ROOM_PERIOD: Duration = Duration::from_secs(10);
/// An id that comes again within this time is stored once.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(5 * 60);
/// The server adds headers of its own protocol (`Nats-Msg-Id`).
const PROTOCOL_BYTES: usize = 1024;

/// The stream, as several parts of the bus share it.
#[derive(Clone)]
pub(super) struct EventStream {
    pub(super) connection: Connection,
    pub(super) config: Arc<NatsConfig>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Whether the settings were brought in line since this process started.
    settled: AtomicBool,
    identity: Mutex<Option<Known>>,
    room_checked: Mutex<Option<Instant>>,
}

struct Known {
    identity: String,
    generation: u64,
    at: Instant,
}

impl EventStream {
    pub(super) fn new(connection: Connection, config: NatsConfig) -> Self {
        Self { connection, config: Arc::new(config), state: Arc::default() }
    }

    /// The stream, made if it is missing, with fresh information about it.
    pub(super) async fn ensure(&self) -> Result<Stream, BusError> {
        self.connection.ready().await?;
        let jetstream = &self.connection.jetstream;
        let found = match jetstream.get_stream(&self.config.stream).await {
            Ok(stream) => self.settle(stream).await?,
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(reason) if reason.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    tracing::warn!(stream.name = self.config.stream, "event stream is made");
                    let made = jetstream.create_stream(self.wanted(Config::default())).await;
                    made.map_err(|error| unavailable("event stream cannot be made", &error))?
                }
                _ => return Err(unavailable("event stream cannot be found", &error)),
            },
        };
        self.remember(found.cached_info());
        Ok(found)
    }

    /// Brings the settings of a stream that was there in line with ours, once.
    async fn settle(&self, stream: Stream) -> Result<Stream, BusError> {
        let present = &stream.cached_info().config;
        let wanted = Config { deny_delete: present.deny_delete, ..self.wanted(present.clone()) };
        if self.state.settled.load(Ordering::Relaxed) || wanted == *present {
            return Ok(stream);
        }
        tracing::warn!(stream.name = self.config.stream, "event stream is given other settings");
        let updated = self.connection.jetstream.update_stream(wanted).await;
        updated.map_err(|error| unavailable("event stream cannot be given its settings", &error))?;
        self.state.settled.store(true, Ordering::Relaxed);
        Ok(stream)
    }

    fn wanted(&self, base: Config) -> Config {
        Config {
            name: self.config.stream.clone(),
            subjects: vec![format!("{}.>", self.config.subject_prefix)],
            storage: StorageType::File,
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::New,
            num_replicas: self.config.replicas,
            max_bytes: self.config.max_bytes,
            max_age: self.config.retention(),
            max_message_size: i32::try_from(MAX_EVENT_BYTES + PROTOCOL_BYTES).unwrap_or(i32::MAX),
            duplicate_window: DUPLICATE_WINDOW.min(self.config.retention()),
            allow_direct: true,
            deny_delete: true,
            ..base
        }
    }

    /// Which stream it is, asked for now and then.
    pub(super) async fn identity(&self) -> Result<String, BusError> {
        let link = self.connection.link();
        let known = || {
            let known = self.state.identity.lock().unwrap_or_else(PoisonError::into_inner);
            let known = known.as_ref().filter(|known| known.generation == link.generation);
            known.filter(|known| known.at.elapsed() < IDENTITY_AGE).map(|known| known.identity.clone())
        };
        match known() {
            Some(identity) if link.up => Ok(identity),
            _ => Ok(identity(self.ensure().await?.cached_info())),
        }
    }

    /// Whether the message at this place is the event `id`, or was removed since because of its age. Asks the leader.
    pub(super) async fn holds(&self, place: &Position, id: Uuid) -> Result<bool, BusError> {
        let stream = self.ensure().await?;
        let info = stream.cached_info();
        if identity(info) != place.identity {
            return Err(BusError::PositionGone);
        }
        if !(info.state.first_sequence..=info.state.last_sequence).contains(&place.sequence) {
            return Ok(place.sequence < info.state.first_sequence);
        }
        match stream.get_raw_message(place.sequence).await {
            Ok(message) => {
                let stored = message.headers.get(NATS_MESSAGE_ID);
                Ok(stored.is_some_and(|stored| stored.as_str() == id.to_string()))
            }
            Err(error) if matches!(error.kind(), RawMessageErrorKind::NoMessageFound) => Ok(false),
            Err(error) => Err(unavailable("event stream cannot be read", &error)),
        }
    }

    fn remember(&self, info: &Info) {
        let known =
            Known { identity: identity(info), generation: self.connection.link().generation, at: Instant::now() };
        *self.state.identity.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }

    /// Now and then: removes what every durable has acknowledged, if the stream is nearly full.
    pub(super) async fn look_for_room(&self) -> Result<(), BusError> {
        let due = {
            let mut checked = self.state.room_checked.lock().unwrap_or_else(PoisonError::into_inner);
            let due = checked.is_none_or(|at| at.elapsed() >= ROOM_PERIOD);
            if due {
                *checked = Some(Instant::now());
            }
            due
        };
        if due {
            self.make_room().await?;
        }
        Ok(())
    }

    /// If the stream is nearly full, removes what every durable has acknowledged; whether that was anything.
    pub(super) async fn make_room(&self) -> Result<bool, BusError> {
        let stream = self.ensure().await?;
        let state = &stream.cached_info().state;
        if state.bytes < self.config.max_bytes.unsigned_abs() / 10 * 9 {
            return Ok(false);
        }
        let unavailable = |error: &dyn std::fmt::Display| unavailable("event stream cannot be purged", error);
        let consumers: Vec<_> = stream.consumers().try_collect().await.map_err(|error| unavailable(&error))?;
        let durables = consumers.iter().filter(|consumer| consumer.config.durable_name.is_some());
        let seen = durables.map(|consumer| acknowledged(consumer, state.last_sequence)).min();
        let Some(seen) = seen.filter(|seen| *seen >= state.first_sequence) else { return Ok(false) };
        let purged = stream.purge().sequence(seen + 1).await.map_err(|error| unavailable(&error))?.purged;
        tracing::warn!(stream.name = self.config.stream, stream.purged = purged, "event stream was nearly full");
        Ok(purged > 0)
    }
}

/// Everything up to here is acknowledged; `last` was the newest event before the consumer was asked.
fn acknowledged(consumer: &ConsumerInfo, last: u64) -> u64 {
    if consumer.num_ack_pending > 0 {
        consumer.ack_floor.stream_sequence
    } else if consumer.num_pending > 0 {
        consumer.delivered.stream_sequence
    } else {
        last
    }
}

/// A stream made anew has another time of birth.
pub(super) fn identity(info: &Info) -> String {
    format!("{}@{}", info.config.name, info.created.unix_timestamp_nanos())
}

/// The newest event's place.
pub(super) fn head(info: &Info) -> Position {
    Position { identity: identity(info), sequence: info.state.last_sequence }
}

pub(super) fn unavailable(what: &str, error: &dyn std::fmt::Display) -> BusError {
    BusError::Unavailable(format!("{what}: {error}"))
}

/// Why the server refused to store an event.
pub(super) fn is_full(error: &jetstream::Error) -> bool {
    let code = error.error_code();
    code == ErrorCode::STREAM_STORE_FAILED
        || code == ErrorCode::STORAGE_RESOURCES_EXCEEDED
        || code == ErrorCode::INSUFFICIENT_RESOURCES
}
