//! A page of entries, filled a bite at a time, so that large entries make it short and never large.

use mesh_types::{Fault, PageSize, PageToken};
use serde::Serialize;

use crate::domain::Entry;

/// Answers stay under 3 MiB; an entry's weight is a guess.
const MAX_WEIGHT: usize = 2_500_000;
/// How many entries are read at once.
const BITE: u64 = 100;

/// A page of entries.
#[derive(Clone, Debug)]
pub struct EntryPage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Asks for the next page; empty on the last one.
    pub next_page_token: String,
}

/// A page that is being filled.
pub(super) struct Filling<K> {
    size: PageSize,
    key: fn(&Entry) -> K,
    last: Option<K>,
    entries: Vec<Entry>,
    weight: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Hungry,
    /// There is more, but not on this page.
    Full,
    /// There is no more.
    End,
}

impl<K: Copy + Serialize> Filling<K> {
    /// An empty page of entries whose place is `key`, to begin after `last`.
    pub(super) fn new(size: PageSize, key: fn(&Entry) -> K, last: Option<K>) -> Self {
        Self { size, key, last, entries: Vec::new(), weight: 0, state: State::Hungry }
    }

    /// The bite to read next: after which place, and how many at most. `None` when the page is done.
    pub(super) fn next_bite(&self) -> Option<(Option<K>, u64)> {
        // One more than is wanted shows whether there is a next page.
        let wanted = self.size.get() + 1 - self.entries.len() as u64;
        (self.state == State::Hungry).then_some((self.last, wanted.min(BITE)))
    }

    /// Takes a bite for which `limit` entries were wanted.
    pub(super) fn take(&mut self, bite: Vec<Entry>, limit: u64) {
        if (bite.len() as u64) < limit {
            self.state = State::End;
        }
        for entry in bite {
            self.weight += entry.weight();
            let enough = self.entries.len() as u64 == self.size.get();
            if enough || (self.weight > MAX_WEIGHT && !self.entries.is_empty()) {
                self.state = State::Full;
                return;
            }
            self.last = Some((self.key)(&entry));
            self.entries.push(entry);
        }
    }

    /// The page. `query` tells what was asked for from other queries.
    pub(super) fn done(self, query: &[&str]) -> Result<EntryPage, Fault> {
        let last = self.last.filter(|_| self.state == State::Full);
        let next_page_token = last.map_or(Ok(String::new()), |key| PageToken::encode(&key, query))?;
        Ok(EntryPage { entries: self.entries, next_page_token })
    }
}
