//! A consumer that writes down what it is told, and does what tests want of it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use mesh_events::{BatchHandler, BusError, Delivery, Durable, Envelope, EventBus, Filter, Pause};
use mesh_testkit::eventually;
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::lock;

/// Writes down every delivery it accepts.
pub(crate) struct Recorder {
    accepted: Mutex<Vec<Delivery>>,
    calls: AtomicUsize,
    paused: AtomicBool,
    /// While true, a call waits.
    held: watch::Sender<bool>,
}

impl Recorder {
    pub(crate) fn new() -> Arc<Self> {
        let held = watch::Sender::new(false);
        Arc::new(Self { accepted: Mutex::default(), calls: AtomicUsize::new(0), paused: AtomicBool::new(false), held })
    }

    /// From now on it answers that it cannot go on, or no more.
    pub(crate) fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::SeqCst);
    }

    /// From now on its calls do not return, or no more.
    pub(crate) fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// How often it was called.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// The events it accepted.
    pub(crate) fn events(&self) -> Vec<Envelope> {
        let events = lock(&self.accepted).clone();
        events
            .into_iter()
            .filter_map(|found| if let Delivery::Event(event) = found { Some(event) } else { None })
            .collect()
    }

    /// The ids of the events it accepted.
    pub(crate) fn ids(&self) -> Vec<Uuid> {
        super::ids(&self.events())
    }

    /// What it accepted that was no event.
    pub(crate) fn foreign(&self) -> Vec<Delivery> {
        let all = lock(&self.accepted).clone();
        all.into_iter().filter(|delivery| matches!(delivery, Delivery::Foreign { .. })).collect()
    }

    /// Waits until it has accepted exactly these, in this order.
    pub(crate) async fn has(&self, expected: &[Envelope]) {
        let expected = super::ids(expected);
        eventually(async || if self.ids() == expected { Ok(()) } else { Err(self.ids().len()) }).await;
    }

    /// Waits until it has accepted `count` deliveries.
    pub(crate) async fn has_count(&self, count: usize) {
        eventually(async || match lock(&self.accepted).len() {
            found if found >= count => Ok(()),
            found => Err(found),
        })
        .await;
    }
}

#[async_trait]
impl BatchHandler for Recorder {
    async fn handle(&self, batch: Vec<Delivery>) -> Result<(), Pause> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let _ = self.held.subscribe().wait_for(|held| !held).await;
        if self.paused.load(Ordering::SeqCst) {
            return Err(Pause("the test says so".to_owned()));
        }
        lock(&self.accepted).extend(batch);
        Ok(())
    }
}

/// The durable `name`, of `entities` (all when there are none).
pub(crate) fn durable(name: &str, entities: &[&str]) -> Durable {
    let entities = entities.iter().map(|entity| (*entity).to_owned()).collect();
    Durable { name: name.to_owned(), filter: Filter { entities }, gather: Duration::ZERO }
}

/// A consumer at work.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinSet<Result<(), BusError>>,
}

impl Running {
    /// Consumes as durable `name`, of `entities` (all when there are none).
    pub(crate) fn start(bus: &Arc<dyn EventBus>, name: &str, entities: &[&str], handler: &Arc<Recorder>) -> Self {
        let durable = durable(name, entities);
        let (stop, mut task) = (CancellationToken::new(), JoinSet::new());
        let (bus, handler, token) = (Arc::clone(bus), Arc::clone(handler), stop.clone());
        task.spawn(async move { bus.consume(durable, handler, token).await });
        Self { stop, task }
    }

    /// Stops it in order.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        self.task.join_next().await.unwrap().unwrap().unwrap();
    }

    /// It is gone in the middle of what it does.
    pub(crate) async fn crash(mut self) {
        self.task.shutdown().await;
    }
}
