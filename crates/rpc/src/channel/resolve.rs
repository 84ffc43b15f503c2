//! Where a service is: what its URIs say, and the addresses that names stand for, looked up again and again.
//!
//! A headless service's name stands for all of its replicas. What was found stays until something else is found: a name
//! server that fails takes nobody away.

use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures::future::BoxFuture;
use http::uri::{Authority, Uri};
use tokio::{sync::Notify, task::JoinSet};

use super::{connect::Place, pool::Pool};
use crate::UpstreamError;

/// How soon names are looked up again when a connection failed or a look-up did.
const SOON: Duration = Duration::from_secs(1);
/// How long a look-up may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// One place where a service is.
#[derive(Clone, Debug)]
pub(super) struct Target {
    authority: Authority,
    host: String,
    port: u16,
}

/// Looks a name up.
pub(super) type Lookup = Arc<dyn Fn(Target) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// The places that a comma-separated list of URIs names.
///
/// # Errors
/// When one is not of the form `http://host:port`, or there is none.
pub(super) fn targets(uris: &str) -> Result<Vec<Target>, UpstreamError> {
    uris.split(',').map(|uri| target(uri.trim()).ok_or_else(|| UpstreamError(uris.to_owned()))).collect()
}

fn target(uri: &str) -> Option<Target> {
    let uri: Uri = uri.parse().ok()?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"))?.clone();
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = authority.port_u16().unwrap_or(80);
    (!host.is_empty()).then_some(Target { authority, host, port })
}

/// Asks the system.
pub(super) fn system() -> Lookup {
    Arc::new(|target| {
        Box::pin(async move {
            let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((target.host.as_str(), target.port)));
            Ok(found.await.map_err(|_| io::ErrorKind::TimedOut)??.collect())
        })
    })
}

/// Fills `pool` with the addresses of `targets`; if there are names among them, goes on as long as the task is held.
pub(super) fn follow(pool: &Arc<Pool>, targets: Vec<Target>, lookup: Lookup, interval: Duration) -> JoinSet<()> {
    let (mut task, look_again) = (JoinSet::new(), pool.look_again());
    let literal = |target: &Target| Some(SocketAddr::new(target.host.parse::<IpAddr>().ok()?, target.port));
    let found: Vec<_> = targets.iter().map(|target| literal(target).into_iter().collect()).collect();
    let resolver = Resolver { pool: Arc::clone(pool), lookup, found, targets, fails: false };
    if resolver.found.iter().all(|found: &BTreeSet<_>| !found.is_empty()) {
        resolver.tell();
    } else {
        task.spawn(resolver.run(interval, look_again));
    }
    task
}

struct Resolver {
    pool: Arc<Pool>,
    lookup: Lookup,
    targets: Vec<Target>,
    /// What each stands for, as it was last found.
    found: Vec<BTreeSet<SocketAddr>>,
    /// Whether that was told already.
    fails: bool,
}

impl Resolver {
    async fn run(mut self, interval: Duration, look_again: Arc<Notify>) {
        loop {
            let pause = if self.look().await { interval } else { SOON.min(interval) };
            self.tell();
            // Not all callers at the same time.
            let rest = pause.mul_f64(0.8 + 0.4 * fastrand::f64());
            let soon = SOON.min(rest);
            tokio::time::sleep(soon).await;
            let _ = tokio::time::timeout(rest - soon, look_again.notified()).await;
        }
    }

    /// Looks up every name. Returns whether all were found.
    async fn look(&mut self) -> bool {
        let mut all = true;
        for (target, found) in self.targets.iter().zip(&mut self.found) {
            if target.host.parse::<IpAddr>().is_ok() {
                continue;
            }
            match (self.lookup)(target.clone()).await {
                Ok(addresses) if !addresses.is_empty() => *found = addresses.into_iter().collect(),
                Ok(_) => all = false,
                Err(error) => {
                    if !self.fails {
                        tracing::warn!(error.detail = %error, upstream.host = target.host, "a name cannot be looked up");
                    }
                    all = false;
                }
            }
        }
        self.fails = !all;
        all
    }

    fn tell(&self) {
        let mut seen = BTreeSet::new();
        let places = self
            .targets
            .iter()
            .zip(&self.found)
            .flat_map(|(target, found)| found.iter().map(|address| (*address, target.authority.clone())));
        let places = places.filter(|(address, _)| seen.insert(*address));
        let places: Vec<_> = places.map(|(address, authority)| (Place::Socket(address), authority)).collect();
        self.pool.set(places);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_uris_names_several_places() {
        let found = targets("http://10.0.0.1:80, http://[::1]:9,http://task-svc").expect("three places");
        let found: Vec<_> = found.iter().map(|target| (target.host.as_str(), target.port)).collect();
        assert_eq!(found, [("10.0.0.1", 80), ("::1", 9), ("task-svc", 80)]);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for uris in ["", "task-svc:80", "https://task-svc", "/path", "http://", "http://a:1,", "http://a:1,b:2"] {
            assert!(targets(uris).is_err(), "{uris}");
        }
    }
}
