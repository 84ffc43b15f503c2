//! A service's RPCs in the process of the test, behind its whole server stack.

use mesh_rpc::{Channel, Listener, MemoryConnector, RpcServer, Upstream, memory};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::service::interceptor::InterceptedService;

use crate::Bearer;

/// A server that takes calls in memory until this is dropped.
#[derive(Debug)]
pub struct Served {
    connector: MemoryConnector,
    channel: Channel,
    stop: CancellationToken,
    task: JoinSet<()>,
}

impl Served {
    /// Serves `server`.
    pub fn new(server: RpcServer) -> Self {
        let (connector, listener) = memory();
        let stop = CancellationToken::new();
        let mut task = JoinSet::new();
        let stopped = stop.clone();
        task.spawn(async move {
            server.serve(Listener::Memory(listener), stopped).await;
        });
        let channel = Upstream::Memory(connector.clone()).channel("served").expect("memory has an address");
        Self { connector, channel, stop, task }
    }

    /// The way to it, for a service that calls it.
    pub fn upstream(&self) -> Upstream {
        Upstream::Memory(self.connector.clone())
    }

    /// A channel to it, for calls without a token.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A channel to it that puts a token on every call.
    pub fn with(&self, bearer: Bearer) -> InterceptedService<Channel, Bearer> {
        InterceptedService::new(self.channel(), bearer)
    }

    /// Stops it as a process does: what is under way is finished.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.task.join_next().await.is_some() {}
    }
}
