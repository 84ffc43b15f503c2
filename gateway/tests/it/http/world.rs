//! A front on a port of its own, services behind it, and ways to call it.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use futures::FutureExt;
use gateway::{
    app::{Exchanged, OpenStreams},
    http::{Exchanging, Front, HttpSettings, LimitSettings, Parts},
    keys::CsrfKey,
};
use http::{HeaderValue, Request, Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mesh_proto::{Contract, task::v1::task_service_client::TaskServiceClient};
use mesh_rpc::{Upstream, UpstreamConfig};
use mesh_types::{ErrorKind, Fault, Reason, SystemClock, UserId};
use reqwest::{Method, RequestBuilder};
use serde_json::Value as Json;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::{
    body::Body,
    transport::{Channel, Endpoint},
};
use uuid::Uuid;

use super::tasks;

/// What the credential `good` stands for.
pub(crate) const CREDENTIAL: Uuid = Uuid::from_u128(7);

/// The services that the tests' front knows.
const SERVICES: [&str; 2] = ["taskmesh.task.v1.TaskService", "taskmesh.auth.v1.AuthService"];

/// A front and what is behind it, until dropped.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: JoinSet<()>,
    pub(crate) streams: OpenStreams,
    http: reqwest::Client,
}

impl World {
    /// A front with these tests' services behind it.
    pub(crate) async fn new() -> Self {
        Self::with(HttpSettings::default()).await
    }

    /// The same with other settings.
    pub(crate) async fn with(settings: HttpSettings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let upstream = listener.local_addr().expect("an address");
        let mut world = Self::before(upstream, settings).await;
        let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
        world.tasks.spawn(async move {
            let server = tonic::transport::Server::builder().add_routes(tasks::services().await);
            server.serve_with_incoming(incoming).await.expect("it serves");
        });
        world
    }

    /// The same with other limits.
    pub(crate) async fn limited(adjust: impl FnOnce(&mut LimitSettings)) -> Self {
        let mut settings = HttpSettings::default();
        adjust(&mut settings.limits);
        Self::with(settings).await
    }

    /// A front before whatever listens at `upstream`.
    pub(crate) async fn before(upstream: SocketAddr, settings: HttpSettings) -> Self {
        Self::of(Contract::taskmesh(), &SERVICES, upstream, settings).await
    }

    /// A front before whatever listens at these addresses.
    pub(crate) async fn before_all(upstreams: &[SocketAddr]) -> Self {
        Self::behind(Contract::taskmesh(), &SERVICES, upstreams, HttpSettings::default()).await
    }

    /// A front that knows these services of a contract, before whatever listens at `upstream`.
    pub(crate) async fn of(
        contract: &'static Contract,
        services: &[&str],
        upstream: SocketAddr,
        settings: HttpSettings,
    ) -> Self {
        Self::behind(contract, services, &[upstream], settings).await
    }

    async fn behind(
        contract: &'static Contract,
        services: &[&str],
        upstreams: &[SocketAddr],
        settings: HttpSettings,
    ) -> Self {
        let uris: Vec<_> = upstreams.iter().map(|upstream| format!("http://{upstream}")).collect();
        let config = UpstreamConfig { uri: uris.join(","), timeout_ms: 0, ..UpstreamConfig::default() };
        let channel = Upstream::Remote(config).channel("tasks").expect("addresses");
        let streams = OpenStreams::default();
        let front = Front::new(Parts {
            contract,
            settings,
            upstreams: services.iter().map(|&name| (name.to_owned(), channel.clone())).collect(),
            exchange: exchange(),
            csrf: csrf(),
            streams: streams.clone(),
            jwks: Bytes::from_static(br#"{"keys":[]}"#),
            clock: Arc::new(SystemClock),
        });
        let front = front.expect("the contract's routes are good");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(front.serve(listener, stop.clone()));
        Self { address, stop, tasks, streams, http: reqwest::Client::new() }
    }

    /// A front before an upstream that answers every call this way.
    pub(crate) async fn before_answer<F>(answer: F) -> Self
    where
        F: Fn(Request<Incoming>) -> Response<Body> + Clone + Send + Sync + 'static,
    {
        Self::before_answer_with(HttpSettings::default(), answer).await
    }

    /// The same with other settings.
    pub(crate) async fn before_answer_with<F>(settings: HttpSettings, answer: F) -> Self
    where
        F: Fn(Request<Incoming>) -> Response<Body> + Clone + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let upstream = listener.local_addr().expect("an address");
        let mut world = Self::before(upstream, settings).await;
        world.tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answer.clone();
                let service = service_fn(move |request| {
                    let answer = answer(request);
                    async move { Ok::<_, Infallible>(answer) }
                });
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                connections.spawn(server.serve_connection(TokioIo::new(stream), service));
            }
        });
        world
    }

    /// The same, called over HTTP/2.
    pub(crate) fn over_http2(mut self) -> Self {
        self.http = reqwest::Client::builder().http2_prior_knowledge().build().expect("a client");
        self
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request without a token.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// A GET with a good token.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path).bearer_auth("good")
    }

    /// A POST of JSON with a good token.
    pub(crate) fn post(&self, path: &str, json: &Json) -> RequestBuilder {
        self.request(Method::POST, path).bearer_auth("good").json(json)
    }

    /// A POST of gRPC-Web frames with a good token.
    pub(crate) fn web(&self, rpc: &str, content_type: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        let path = format!("/taskmesh.task.v1.TaskService/{rpc}");
        self.request(Method::POST, &path).bearer_auth("good").header("content-type", content_type).body(body)
    }

    /// A connection for native gRPC.
    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(self.url("")).expect("a uri");
        endpoint.connect().await.expect("the front takes connections")
    }

    /// A gRPC client without a token.
    pub(crate) async fn client(&self) -> TaskServiceClient<Channel> {
        TaskServiceClient::new(self.channel().await)
    }
}

/// A gRPC request with a good token.
pub(crate) fn authorized<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("authorization", "Bearer good".parse().expect("ASCII"));
    request
}

/// Checks what pages send beside their cookies.
pub(crate) fn csrf() -> CsrfKey {
    CsrfKey::of("a key of these tests")
}

/// Takes `good`, and `good` with anything after it for other users; everything else is refused.
fn exchange() -> Exchanging {
    Arc::new(|credential, client| {
        let address = client.address.clone().unwrap_or_default();
        let exchanged = match credential {
            good if good.starts_with("good") => Ok(Exchanged {
                authorization: HeaderValue::try_from(format!("Bearer exchanged for {address}")).expect("ASCII"),
                user: UserId(Uuid::new_v5(&Uuid::NAMESPACE_OID, good.as_bytes())),
                credential: CREDENTIAL,
            }),
            "panic" => panic!("asked to"),
            _ => Err(Fault::new(ErrorKind::Unauthenticated, Reason::TokenInvalid, "the token is not valid")),
        };
        async move { exchanged }.boxed()
    })
}

/// The status and the JSON of an answer.
pub(crate) async fn answered(request: RequestBuilder) -> (u16, Json) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}

/// The reason in an error body.
pub(crate) fn reason(error: &Json) -> &str {
    let details = error["error"]["details"].as_array().expect("details");
    let info = details.iter().find(|detail| detail["@type"] == "type.googleapis.com/google.rpc.ErrorInfo");
    info.and_then(|info| info["reason"].as_str()).expect("a reason")
}

/// The fields that an error body complains of.
pub(crate) fn fields(error: &Json) -> Vec<&str> {
    let details = error["error"]["details"].as_array().expect("details");
    let bad = details.iter().find(|detail| detail["@type"] == "type.googleapis.com/google.rpc.BadRequest");
    let violations = bad.and_then(|bad| bad["fieldViolations"].as_array()).expect("violations");
    let mut fields: Vec<_> = violations.iter().filter_map(|violation| violation["field"].as_str()).collect();
    fields.sort_unstable();
    fields
}
