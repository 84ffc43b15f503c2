//! How the services behind the gateway are: asked of each in turn, told as `grpc.health.v1` and on `/readyz`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, future, stream::FuturesUnordered};
use mesh_rpc::Channel;
use prost::Message;
use tokio::task::JoinSet;
use tonic_health::{
    ServingStatus,
    pb::{HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus as Told, health_server},
    server::{HealthReporter, HealthService},
};

use super::{
    edge::{Edge, Upstreams},
    rest,
};

/// How long a service may take to say how it is.
const PATIENCE: Duration = Duration::from_secs(1);
/// How soon a service that was down is asked again.
const RETRY: Duration = Duration::from_millis(200);

/// What is known of each service.
pub(crate) struct Health {
    reporter: HealthReporter,
    services: Vec<Service>,
    stopped: AtomicBool,
}

struct Service {
    name: String,
    channel: Channel,
    serving: AtomicBool,
}

impl Service {
    /// Asks every address at the same time whether it serves. Whoever drops an answer that is still to come leaves a call behind
    /// that was cancelled, and is counted as such.
    fn ask_all(&self) -> FuturesUnordered<impl Future<Output = bool>> {
        self.channel.addresses().into_iter().map(|address| self.is_served_at(address)).collect()
    }

    async fn is_served_at(&self, address: Channel) -> bool {
        let asked = HealthCheckRequest { service: self.name.clone() };
        let answer = rest::plain_call(&address, "/grpc.health.v1.Health/Check", &asked, PATIENCE).await;
        let told = answer.and_then(|bytes| HealthCheckResponse::decode(bytes).ok());
        told.is_some_and(|answer| answer.status() == Told::Serving)
    }
}

impl Health {
    pub(super) fn new(upstreams: &Upstreams) -> Self {
        let service = |(name, channel): (&String, &Channel)| Service {
            name: name.clone(),
            channel: channel.clone(),
            serving: AtomicBool::new(false),
        };
        Self {
            reporter: HealthReporter::new(),
            services: upstreams.iter().map(service).collect(),
            stopped: AtomicBool::new(false),
        }
    }

    /// Answers `grpc.health.v1`.
    pub(super) fn service(&self) -> health_server::HealthServer<HealthService> {
        health_server::HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    /// The services that do not serve at the moment; all of them once the gateway stops.
    pub(super) fn missing(&self) -> Vec<&str> {
        let down = |service: &&Service| self.has_stopped() || !service.serving.load(Ordering::Relaxed);
        self.services.iter().filter(down).map(|service| service.name.as_str()).collect()
    }

    /// Whether calls can be answered.
    pub(super) fn is_ready(&self) -> bool {
        !self.has_stopped() && self.missing().is_empty()
    }

    /// Says from now on that nothing is served here.
    pub(super) async fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        for service in &self.services {
            self.tell(&service.name).await;
        }
    }

    fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Takes over whether `service` is served.
    async fn note(&self, service: &Service, serving: bool) {
        if service.serving.swap(serving, Ordering::Relaxed) != serving {
            tracing::info!(rpc.service = service.name, rpc.serving = serving, "a service changed its state");
        }
        self.tell(&service.name).await;
    }

    /// Tells what is known of `name`, and of the whole.
    async fn tell(&self, name: &str) {
        let status = |serving| if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        let serving = !self.missing().contains(&name);
        self.reporter.set_service_status(name, status(serving)).await;
        self.reporter.set_service_status("", status(self.is_ready())).await;
    }
}

/// Asks every service at intervals, until the gateway stops.
pub(super) fn watch(tasks: &mut JoinSet<()>, edge: &Arc<Edge>) {
    let interval = Duration::from_millis(edge.settings.health_interval_ms).max(RETRY);
    for index in 0..edge.health.services.len() {
        let (health, stopping) = (edge.health.clone(), edge.stopping.clone());
        tasks.spawn(async move {
            let service = &health.services[index];
            loop {
                let mut answers = service.ask_all();
                // One that serves is enough.
                let serving = answers.by_ref().any(future::ready).await;
                health.note(service, serving).await;
                let pause = tokio::time::sleep(if serving { interval } else { RETRY });
                // The others are heard out meanwhile.
                let pause = future::join(pause, answers.for_each(|_| future::ready(())));
                if stopping.run_until_cancelled(pause).await.is_none() {
                    return;
                }
            }
        });
    }
}
