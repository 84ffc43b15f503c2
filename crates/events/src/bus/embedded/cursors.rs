//! How far each durable has come. The truth while the bus is open; the writer puts it into the file soon after.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

/// Acknowledgements reach the file this much later at most, to share a commit with others. A crash within that time
/// means that events are delivered again.
const SETTLE: Duration = Duration::from_millis(20);

#[derive(Debug, Default)]
pub(super) struct Cursors {
    places: Mutex<BTreeMap<String, Place>>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Place {
    sequence: u64,
    written: bool,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Cursors {
    pub(super) fn load(rows: Vec<(String, i64)>) -> Self {
        let place = |sequence: i64| Place { sequence: sequence.unsigned_abs(), written: true, turn: Arc::default() };
        let places = rows.into_iter().map(|(durable, sequence)| (durable, place(sequence))).collect();
        Self { places: Mutex::new(places), changed: Notify::new() }
    }

    /// Makes `durable` known. Whoever holds the mutex may deliver to it.
    pub(super) fn register(&self, durable: &str) -> Arc<tokio::sync::Mutex<()>> {
        let turn = self.with(|places| Arc::clone(&places.entry(durable.to_owned()).or_default().turn));
        self.changed.notify_one();
        turn
    }

    /// The last event that `durable` is done with.
    pub(super) fn sequence(&self, durable: &str) -> u64 {
        self.with(|places| places.get(durable).map_or(0, |place| place.sequence))
    }

    /// `durable` is done with everything up to `sequence`.
    pub(super) fn advance(&self, durable: &str, sequence: u64) {
        self.skip(durable, sequence);
        self.changed.notify_one();
    }

    /// Nothing up to `sequence` is for `durable`. Not worth a commit of its own.
    pub(super) fn skip(&self, durable: &str, sequence: u64) {
        self.with(|places| {
            let place = places.entry(durable.to_owned()).or_default();
            (place.sequence, place.written) = (sequence, false);
        });
    }

    /// Everything up to here has been seen by every durable; `None` when there is no durable.
    pub(super) fn lowest(&self) -> Option<u64> {
        self.with(|places| places.values().map(|place| place.sequence).min())
    }

    /// What is not in the file yet.
    pub(super) fn unwritten(&self) -> Vec<(String, u64)> {
        self.with(|places| {
            let unwritten = places.iter().filter(|(_, place)| !place.written);
            unwritten.map(|(durable, place)| (durable.clone(), place.sequence)).collect()
        })
    }

    /// These are in the file now.
    pub(super) fn mark_written(&self, written: &[(String, u64)]) {
        self.with(|places| {
            for (durable, sequence) in written {
                if let Some(place) = places.get_mut(durable) {
                    place.written = place.sequence == *sequence;
                }
            }
        });
    }

    /// Returns when there is something to write and has been for a moment.
    pub(super) async fn settled(&self) {
        self.changed.notified().await;
        tokio::time::sleep(SETTLE).await;
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Place>) -> T) -> T {
        act(&mut self.places.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
