//! The addresses of a service that are known at the moment, and which of them takes the next call: of two that are drawn,
//! the one with fewer calls under way.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use http::uri::Authority;
use metrics::{Counter, Gauge, counter, gauge};
use tokio::{sync::Notify, time::Instant};
use tonic::Status;

use super::{
    address::{Address, Listeners},
    call::{OpenCall, Outcome},
    connect::{Dial, Place},
    standing::Rule,
};
use crate::UpstreamConfig;

/// A failure to connect that is no older counts for whoever comes now.
const FRESH: Duration = Duration::from_millis(100);

/// The numbers of one service, as its callers see it.
pub(super) struct Metrics {
    pub(super) in_flight: Gauge,
    pub(super) retries: Counter,
    pub(super) refused_retries: Counter,
    ejections: Counter,
}

/// The addresses of a service.
#[derive(Debug)]
pub(super) struct Pool {
    name: &'static str,
    dial: Dial,
    rule: Rule,
    listeners: Listeners,
    metrics: Metrics,
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    addresses: Arc<[Arc<Address>]>,
    /// Whether they were looked for already.
    settled: bool,
}

/// What a look at the addresses comes to.
enum Picked {
    Address(Arc<Address>),
    /// None is connected, but one may be soon.
    Wait,
    /// None is connected, and connecting has just failed.
    Nobody(&'static str),
}

impl Pool {
    /// Of no addresses yet.
    pub(super) fn new(name: &'static str, dial: Dial, config: &UpstreamConfig) -> Arc<Self> {
        let rule = Rule { failures: config.eject_after.max(1), pause: Duration::from_millis(config.eject_ms) };
        let (listeners, metrics, known) = (Listeners::default(), Metrics::new(name), RwLock::default());
        Arc::new(Self { name, dial, rule, listeners, metrics, known })
    }

    /// Notified when the addresses should be looked for again.
    pub(super) fn look_again(&self) -> Arc<Notify> {
        Arc::clone(&self.listeners.look_again)
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(super) fn addresses(&self) -> Vec<Arc<Address>> {
        self.known().to_vec()
    }

    /// Whether there is an address that was not tried.
    pub(super) fn has_others(&self, tried: &[Arc<Address>]) -> bool {
        self.known().iter().any(|address| !is_in(tried, address))
    }

    /// From now on these are the addresses. What is left out gets no new calls; those under way are finished.
    pub(super) fn set(&self, places: Vec<(Place, Authority)>) {
        let known = self.known();
        let kept = |place: &Place| known.iter().find(|address| address.place() == place).cloned();
        let address = |(place, authority): (Place, Authority)| {
            let made = || Address::new(place.clone(), authority, self.dial.clone(), self.listeners.clone());
            kept(&place).unwrap_or_else(made)
        };
        let addresses: Arc<[_]> = places.into_iter().map(address).collect();
        if addresses.len() != known.len() || addresses.iter().any(|address| !is_in(&known, address)) {
            tracing::info!(upstream.name = self.name, upstream.addresses = addresses.len(), "addresses changed");
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { addresses, settled: true };
        self.listeners.changed.send_replace(());
    }

    /// Begins a call to an address that is connected, rather to one that was not tried. Waits while one may be soon.
    ///
    /// # Errors
    /// UNAVAILABLE when connections cannot be made.
    pub(super) async fn open(
        self: &Arc<Self>,
        tried: &[Arc<Address>],
        deadline: Option<Instant>,
    ) -> Result<OpenCall, Status> {
        let arrived = Instant::now();
        let mut picked = self.pick(tried, arrived);
        if matches!(picked, Picked::Wait) {
            let mut changes = self.listeners.changed.subscribe();
            picked = self.pick(tried, arrived);
            while matches!(picked, Picked::Wait) {
                // The sender lives as long as we do.
                let _ = changes.changed().await;
                picked = self.pick(tried, arrived);
            }
        }
        match picked {
            Picked::Address(address) => {
                let on_trial = address.standing().begin();
                Ok(OpenCall::new(self, address, on_trial, deadline))
            }
            Picked::Nobody(why) => Err(Status::unavailable(why)),
            Picked::Wait => Err(Status::unavailable("nobody is there")),
        }
    }

    /// Begins a call to this address that says nothing of its standing, as soon as a connection is made or cannot be.
    pub(super) async fn open_at(self: &Arc<Self>, address: &Arc<Address>) -> OpenCall {
        address.want();
        let mut changes = self.listeners.changed.subscribe();
        while !address.is_up() && address.failed_at().is_none() {
            // The sender lives as long as we do.
            let _ = changes.changed().await;
        }
        OpenCall::unrecorded(self, address)
    }

    fn pick(&self, tried: &[Arc<Address>], arrived: Instant) -> Picked {
        let known = self.known();
        if let [only] = &*known
            && only.is_up()
        {
            return Picked::Address(Arc::clone(only));
        }
        let now = Instant::now();
        let rank = |address: &Arc<Address>| (is_in(tried, address), !address.standing().takes_calls(now));
        let up = known.iter().filter(|address| address.is_up());
        let up: Vec<_> = up.map(|address| (rank(address), address)).collect();
        let Some(best) = up.iter().map(|(rank, _)| *rank).min() else { return self.none_is_up(&known, arrived) };
        let best: Vec<_> = up.into_iter().filter(|(rank, _)| *rank == best).map(|(_, address)| address).collect();
        less_busy(&best).map_or(Picked::Wait, |address| Picked::Address(Arc::clone(address)))
    }

    /// Gives up only if every connection has failed since the call came, or shortly before.
    fn none_is_up(&self, known: &[Arc<Address>], arrived: Instant) -> Picked {
        let mut wait = false;
        for address in known {
            match address.failed_at() {
                Some(at) if at + FRESH >= arrived => {}
                Some(_) => {
                    address.want();
                    wait = true;
                }
                None => wait = true,
            }
        }
        let settled = self.known.read().unwrap_or_else(PoisonError::into_inner).settled;
        match (wait || !settled, known.is_empty()) {
            (true, _) => Picked::Wait,
            (false, true) => Picked::Nobody("it has no address"),
            (false, false) => Picked::Nobody("it cannot be connected to"),
        }
    }

    /// Writes down how a call to `address` ended.
    pub(super) fn record(&self, address: &Arc<Address>, outcome: Outcome, was_trial: bool) {
        match outcome {
            Outcome::Served => address.standing().served(),
            Outcome::Unknown => address.standing().forget(was_trial),
            Outcome::Failed => {
                // Looked up before, as a standing is locked below.
                let may = self.may_leave_out(address);
                let now = Instant::now();
                if address.standing().failed(was_trial, now, self.rule, || may) {
                    self.metrics.ejections.increment(1);
                    tracing::warn!(upstream.name = self.name, upstream.place = ?address.place(), "left out: it fails");
                }
            }
        }
    }

    /// Two thirds may be left out, and never all.
    fn may_leave_out(&self, address: &Arc<Address>) -> bool {
        let known = self.known();
        let out = known.iter().filter(|other| !Arc::ptr_eq(other, address) && other.standing().is_out()).count();
        out < known.len() * 2 / 3
    }

    fn known(&self) -> Arc<[Arc<Address>]> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner).addresses)
    }
}

/// Of two addresses that are drawn, the one with fewer calls under way.
fn less_busy<'a>(addresses: &[&'a Arc<Address>]) -> Option<&'a Arc<Address>> {
    let (last, rest) = addresses.split_last()?;
    if rest.is_empty() {
        return Some(last);
    }
    let first = fastrand::usize(..addresses.len());
    let other = (first + 1 + fastrand::usize(..rest.len())) % addresses.len();
    let (first, other) = (addresses[first], addresses[other]);
    Some(if other.open_calls() < first.open_calls() { other } else { first })
}

fn is_in(some: &[Arc<Address>], address: &Arc<Address>) -> bool {
    some.iter().any(|one| Arc::ptr_eq(one, address))
}

impl Metrics {
    fn new(name: &'static str) -> Self {
        Self {
            in_flight: gauge!("rpc_client_in_flight", "upstream" => name),
            retries: counter!("rpc_client_retries_total", "upstream" => name),
            refused_retries: counter!("rpc_client_refused_retries_total", "upstream" => name),
            ejections: counter!("rpc_client_ejections_total", "upstream" => name),
        }
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Metrics")
    }
}
