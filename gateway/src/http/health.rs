//! How the services behind the gateway are: asked of each in turn, told as `grpc.health.v1` and on `/readyz`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, stream::FuturesUnordered};
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
    /// Asks every address at the same time; one that serves is enough. The others are heard out all the same: whoever is
    /// asked and not listened to notes a call that was cancelled.
    async fn is_served(&self) -> bool {
        let ask = |address: &Channel| tokio::spawn(is_served_at(address.clone(), self.name.clone()));
        let mut answers: FuturesUnordered<_> = self.channel.addresses().iter().map(ask).collect();
        while let Some(answer) = answers.next().await {
            if answer.unwrap_or(false) {
                return true;
            }
        }
        false
    }
}

async fn is_served_at(address: Channel, service: String) -> bool {
    let asked = HealthCheckRequest { service };
    let answer = rest::plain_call(&address, "/grpc.health.v1.Health/Check", &asked, PATIENCE).await;
    let told = answer.and_then(|bytes| HealthCheckResponse::decode(bytes).ok());
    told.is_some_and(|answer| answer.status() == Told::Serving)
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

    async fn ask(&self, service: &Service) -> bool {
        let serving = service.is_served().await;
        if service.serving.swap(serving, Ordering::Relaxed) != serving {
            tracing::info!(rpc.service = service.name, rpc.serving = serving, "a service changed its state");
        }
        self.tell(&service.name).await;
        serving
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
                let pause = if health.ask(service).await { interval } else { RETRY };
                if stopping.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                    return;
                }
            }
        });
    }
}
