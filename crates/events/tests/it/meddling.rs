//! A real bus, with something in front of it that a test can break.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use mesh_events::{
    BatchHandler, BusError, Durable, Envelope, EventBus, Filter, Position, Published, SignalStream, TailFrom,
    TailStream,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

type AfterPublish = Box<dyn Fn(usize) + Send + Sync>;

/// Passes everything on to a real bus, unless told otherwise.
pub(crate) struct Meddler {
    bus: Mutex<Arc<dyn EventBus>>,
    replaced: AtomicU64,
    down: AtomicBool,
    silent: AtomicBool,
    takes_at_most: AtomicUsize,
    after_publish: AfterPublish,
    pub(crate) published: AtomicUsize,
    pub(crate) signalled: AtomicUsize,
}

impl Meddler {
    /// In front of `bus`, without meddling yet.
    pub(crate) fn new(bus: Arc<dyn EventBus>) -> Self {
        Self {
            bus: Mutex::new(bus),
            replaced: AtomicU64::new(0),
            down: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            takes_at_most: AtomicUsize::new(usize::MAX),
            after_publish: Box::new(|_| {}),
            published: AtomicUsize::new(0),
            signalled: AtomicUsize::new(0),
        }
    }

    /// Runs `hook` after each publication, before its caller learns of it, with how many there have been.
    pub(crate) fn after_publish(self, hook: impl Fn(usize) + Send + Sync + 'static) -> Self {
        Self { after_publish: Box::new(hook), ..self }
    }

    /// While it is down nothing can be published.
    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Publishes, but never says so.
    pub(crate) fn never_answer(&self) {
        self.silent.store(true, Ordering::SeqCst);
    }

    /// Of each publication only so many are taken.
    pub(crate) fn take_at_most(&self, events: usize) {
        self.takes_at_most.store(events, Ordering::SeqCst);
    }

    /// Puts another bus in the place of the one before, as when its store was wiped.
    pub(crate) fn replace(&self, bus: Arc<dyn EventBus>) {
        *self.bus.lock().expect("nobody panicked") = bus;
        self.replaced.fetch_add(1, Ordering::SeqCst);
    }

    fn bus(&self) -> Arc<dyn EventBus> {
        self.bus.lock().expect("nobody panicked").clone()
    }
}

#[async_trait]
impl EventBus for Meddler {
    async fn publish_placed(&self, events: &[Envelope]) -> Result<Published, BusError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(BusError::Unavailable("the test says so".to_owned()));
        }
        let taken = events.len().min(self.takes_at_most.load(Ordering::SeqCst));
        let published = self.bus().publish_placed(&events[..taken]).await?;
        (self.after_publish)(self.published.fetch_add(1, Ordering::SeqCst) + 1);
        if self.silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        Ok(published)
    }

    async fn holds(&self, place: &Position, id: Uuid) -> Result<bool, BusError> {
        self.bus().holds(place, id).await
    }

    /// Another one for each bus that was put in the place of the one before.
    fn session(&self) -> u64 {
        self.replaced.load(Ordering::SeqCst)
    }

    async fn consume(
        &self,
        durable: Durable,
        handler: Arc<dyn BatchHandler>,
        stop: CancellationToken,
    ) -> Result<(), BusError> {
        self.bus().consume(durable, handler, stop).await
    }

    async fn backlog(&self, durable: &Durable) -> Result<u64, BusError> {
        self.bus().backlog(durable).await
    }

    async fn tail(&self, filter: Filter, from: TailFrom) -> Result<TailStream, BusError> {
        self.bus().tail(filter, from).await
    }

    async fn signal(&self, topic: &str) {
        self.signalled.fetch_add(1, Ordering::SeqCst);
        self.bus().signal(topic).await;
    }

    async fn signals(&self, topic: &str) -> Result<SignalStream, BusError> {
        self.bus().signals(topic).await
    }

    async fn identity(&self) -> Result<String, BusError> {
        self.bus().identity().await
    }

    async fn head(&self) -> Result<Position, BusError> {
        self.bus().head().await
    }
}
