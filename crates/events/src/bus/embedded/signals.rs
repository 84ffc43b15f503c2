//! Signals inside one process: a counter per topic that listeners watch, so that many signals in a row cost nothing.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use futures::StreamExt;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

use crate::bus::SignalStream;

#[derive(Debug, Default)]
pub(super) struct Signals {
    topics: Mutex<HashMap<String, watch::Sender<u64>>>,
}

impl Signals {
    pub(super) fn send(&self, topic: &str) {
        let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = topics.get(topic) {
            counter.send_modify(|count| *count += 1);
        }
    }

    pub(super) fn listen(&self, topic: &str) -> SignalStream {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = topics.entry(topic.to_owned()).or_insert_with(|| watch::Sender::new(0));
        WatchStream::from_changes(counter.subscribe()).map(|_| ()).boxed()
    }
}
