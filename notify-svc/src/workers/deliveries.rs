//! Sends deliveries that are due: many at a time, few to any one host, so that a slow receiver holds up nobody else; and
//! for nobody more than a part, so that neither do many slow receivers of one person.
//!
//! What waits for a host that has enough to do stays in the database, where it can still be cancelled. Looking past it for
//! what can go is dear when there is much of it, so that is done by the clock and not after every attempt.

use std::{collections::HashMap, hash::Hash, sync::Arc, time::Duration};

use mesh_types::UserId;

use tokio::{
    sync::Notify,
    task::{Id, JoinError, JoinSet},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::app::{App, Due, begin_counting};

/// How long the last attempts may take when the process stops. Others make them again later if they do not get done.
const FAREWELL: Duration = Duration::from_secs(10);

/// Sends until `stop`: what `due` announces at once, and what the clock makes due.
pub async fn run(app: Arc<App>, due: Arc<Notify>, stop: CancellationToken) {
    let poll_interval = Duration::from_millis(app.webhooks_config().poll_interval_ms);
    begin_counting();
    let mut flights = Flights::new(app);
    let mut next_look = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = due.notified() => flights.take_off(Look::PastBusyHosts).await,
            () = sleep_until(next_look) => {
                flights.take_off(Look::PastBusyHosts).await;
                next_look = Instant::now() + poll_interval;
            }
            made_room = flights.landed(), if flights.any() => {
                if made_room {
                    flights.take_off(Look::AtTheOldest).await;
                }
            }
        }
    }
    if timeout(FAREWELL, flights.all_landed()).await.is_err() {
        tracing::warn!(attempts.count = flights.tasks.len(), "attempts under way were dropped");
    }
}

/// How far to look for what can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Until nothing is left that can go.
    PastBusyHosts,
    /// Until one comes that cannot go.
    AtTheOldest,
}

/// The attempts that are under way.
struct Flights {
    app: Arc<App>,
    tasks: JoinSet<()>,
    /// To which host each goes, and for whom.
    whither: HashMap<Id, (String, UserId)>,
    hosts: Shares<String>,
    people: Shares<UserId>,
    most: usize,
}

impl Flights {
    fn new(app: Arc<App>) -> Self {
        let config = app.webhooks_config();
        let (most, most_per_host) = (config.max_in_flight, config.max_in_flight_per_host);
        let (hosts, people) = (Shares::of(most_per_host), Shares::of(most_per_host.max(most / 4)));
        Self { app, tasks: JoinSet::new(), whither: HashMap::new(), hosts, people, most }
    }

    /// Claims and begins as many attempts as there is room for.
    async fn take_off(&mut self, look: Look) {
        loop {
            // Few at a time: all of them may be for one host.
            let room = self.most.saturating_sub(self.tasks.len()).min(self.hosts.most);
            if room == 0 {
                return;
            }
            let claimed = match self.app.claim_due(room, &self.hosts.busy(), &self.people.busy()).await {
                Ok(claimed) => claimed,
                Err(error) => {
                    tracing::warn!(error = %error, "deliveries cannot be claimed now");
                    return;
                }
            };
            if claimed.is_empty() {
                return;
            }
            let unsent: Vec<Due> = claimed.into_iter().filter_map(|due| self.begin(due)).collect();
            self.app.release_due(&unsent).await;
            if look == Look::AtTheOldest && !unsent.is_empty() {
                return;
            }
        }
    }

    /// Begins an attempt, or gives the delivery back if its host, or its person, has enough under way.
    fn begin(&mut self, due: Due) -> Option<Due> {
        let (host, person) = (due.channel.url.host().to_owned(), due.delivery.user_id);
        if self.hosts.is_full(&host) || self.people.is_full(&person) {
            return Some(due);
        }
        self.hosts.take(host.clone());
        self.people.take(person);
        let app = Arc::clone(&self.app);
        let task = self.tasks.spawn(async move { app.deliver(due).await });
        self.whither.insert(task.id(), (host, person));
        None
    }

    fn any(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Ends when an attempt has; says whether something can go now that could not before.
    async fn landed(&mut self) -> bool {
        let was_full = self.tasks.len() >= self.most;
        let Some(landed) = self.tasks.join_next_with_id().await else { return false };
        was_full | self.forget(landed)
    }

    /// Says whether the host, or the person, is not busy any more.
    fn forget(&mut self, landed: Result<(Id, ()), JoinError>) -> bool {
        let id = landed.map_or_else(|failed| failed.id(), |(id, ())| id);
        let Some((host, person)) = self.whither.remove(&id) else { return false };
        self.hosts.give_back(&host) | self.people.give_back(&person)
    }

    async fn all_landed(&mut self) {
        while self.any() {
            self.landed().await;
        }
    }
}

/// How many attempts are under way for each of several, none of whom may have more than its share.
struct Shares<K> {
    most: usize,
    counts: HashMap<K, usize>,
}

impl<K: Clone + Eq + Hash> Shares<K> {
    fn of(most: usize) -> Self {
        Self { most, counts: HashMap::new() }
    }

    fn is_full(&self, key: &K) -> bool {
        self.counts.get(key).is_some_and(|count| *count >= self.most)
    }

    /// Those for which nothing is claimed now: more than half of their share is under way, so that what is claimed next for
    /// them goes mostly, and not one by one.
    fn busy(&self) -> Vec<K> {
        self.counts.iter().filter(|(_, count)| **count > self.most / 2).map(|(key, _)| key.clone()).collect()
    }

    fn take(&mut self, key: K) {
        *self.counts.entry(key).or_default() += 1;
    }

    /// Says whether it is not busy any more.
    fn give_back(&mut self, key: &K) -> bool {
        let Some(count) = self.counts.get_mut(key) else { return false };
        *count -= 1;
        let left = *count;
        if left == 0 {
            self.counts.remove(key);
        }
        left == self.most / 2
    }
}
