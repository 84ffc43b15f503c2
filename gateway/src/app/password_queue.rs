//! Who may wait for a password to be hashed or checked: a bounded number, and of these no network more than its share, so
//! that nobody can keep all others from signing in.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::domain::Error;

/// One network gets at most this part of the places.
const SHARES: usize = 4;

/// The places in the queue.
#[derive(Debug)]
pub(super) struct Queue {
    places: usize,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    all: usize,
    by_network: HashMap<Option<IpAddr>, usize>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    queue: &'a Queue,
    network: Option<IpAddr>,
}

impl Queue {
    pub(super) fn new(places: usize) -> Self {
        Self { places, waiting: Mutex::default() }
    }

    /// Takes a place for somebody from this network.
    ///
    /// # Errors
    /// [`Error::PasswordsBusy`] when all are taken, or the network has its share.
    pub(super) fn enter(&self, network: Option<IpAddr>) -> Result<Place<'_>, Error> {
        let mut waiting = self.waiting();
        let theirs = waiting.by_network.get(&network).copied().unwrap_or_default();
        if waiting.all >= self.places || theirs >= self.places.div_ceil(SHARES) {
            return Err(Error::PasswordsBusy);
        }
        waiting.all += 1;
        waiting.by_network.insert(network, theirs + 1);
        Ok(Place { queue: self, network })
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.queue.waiting();
        waiting.all -= 1;
        if let Some(theirs) = waiting.by_network.get_mut(&self.network) {
            *theirs -= 1;
            if *theirs == 0 {
                waiting.by_network.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_leaves_places_to_others() {
        let queue = Queue::new(8);
        let network = |last| Some(IpAddr::from([192, 0, 2, last]));
        let held: Vec<_> = (0..2).map(|_| queue.enter(network(1)).expect("its share")).collect();
        assert!(queue.enter(network(1)).is_err());
        let others: Vec<_> = (2..8).map(|last| queue.enter(network(last)).expect("a place")).collect();
        assert!(queue.enter(network(9)).is_err(), "all are taken");
        drop((held, others));
        assert!(queue.enter(network(1)).is_ok());
        assert!(queue.waiting().by_network.is_empty());
    }
}
