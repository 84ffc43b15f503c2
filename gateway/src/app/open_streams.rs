//! Streams that are open, by the session or API token they were opened with: when that ends, so do they.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The open streams of this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct OpenStreams(Arc<Mutex<HashMap<Uuid, Opened>>>);

struct Opened {
    ended: CancellationToken,
    streams: usize,
}

/// One open stream, until it is dropped.
pub struct OpenStream {
    streams: OpenStreams,
    credential: Uuid,
    ended: CancellationToken,
}

impl OpenStreams {
    /// Opens a stream with this session or API token.
    pub fn open(&self, credential: Uuid) -> OpenStream {
        let mut all = self.all();
        let opened = all.entry(credential).or_insert_with(|| Opened { ended: CancellationToken::new(), streams: 0 });
        opened.streams += 1;
        OpenStream { streams: self.clone(), credential, ended: opened.ended.clone() }
    }

    /// Ends the streams that were opened with it.
    pub fn end(&self, credential: Uuid) {
        if let Some(opened) = self.all().get(&credential) {
            opened.ended.cancel();
        }
    }

    /// What streams are open with.
    pub fn credentials(&self) -> Vec<Uuid> {
        self.all().iter().filter(|(_, opened)| !opened.ended.is_cancelled()).map(|(id, _)| *id).collect()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Uuid, Opened>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenStream {
    /// Cancelled when the stream is to end.
    pub fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut all = self.streams.all();
        if let Some(opened) = all.get_mut(&self.credential) {
            opened.streams -= 1;
            if opened.streams == 0 {
                all.remove(&self.credential);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credentials_streams_end_together_and_are_forgotten() {
        let streams = OpenStreams::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let held = [streams.open(one), streams.open(one), streams.open(other)];
        streams.end(one);
        let ended: Vec<_> = held.iter().map(|stream| stream.ended().is_cancelled()).collect();
        assert_eq!(ended, [true, true, false]);
        assert_eq!(streams.credentials(), [other]);
        drop(held);
        assert!(streams.all().is_empty());
    }
}
