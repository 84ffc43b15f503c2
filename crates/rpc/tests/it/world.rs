//! A server whose task service does what the test asks it to, and clients of it.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use futures::Stream;
use http_body_util::BodyExt;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mesh_proto::task::v1::{
    CancelTaskRequest, CompleteTaskRequest, CreateTaskRequest, DeleteTaskRequest, GetTaskRequest, ListTasksRequest,
    ListTasksResponse, ReopenTaskRequest, Task, UndeleteTaskRequest, UpdateTaskRequest, WatchTasksRequest,
    WatchTasksResponse, task_service_client::TaskServiceClient, task_service_server::TaskService,
    task_service_server::TaskServiceServer,
};
use mesh_rpc::{
    CallContext, Channel, Listener, MAX_MESSAGE_BYTES, MemoryConnector, RpcServer, ServerBuilder, ServerConfig,
    Upstream, UpstreamConfig, accept, memory, status,
};
use mesh_testkit::{Bearer, TestTokens, TestUser};
use mesh_types::{Fault, SystemClock};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, body::Body, service::interceptor::InterceptedService};
use tonic_types::StatusExt;

pub(crate) type Client = TaskServiceClient<InterceptedService<Channel, Bearer>>;

/// A server and what is needed to call it. Stops when dropped.
pub(crate) struct World {
    pub(crate) tokens: TestTokens,
    pub(crate) channel: Channel,
    /// Connects to it, if it is in memory.
    connector: Option<MemoryConnector>,
    pub(crate) tasks: Tasks,
    pub(crate) stop: CancellationToken,
    pub(crate) serving: JoinSet<()>,
}

impl World {
    /// A server in memory with the usual settings.
    pub(crate) async fn new() -> Self {
        Self::with(ServerConfig::default()).await
    }

    /// A server in memory with these settings.
    pub(crate) async fn with(config: ServerConfig) -> Self {
        let (connector, listener) = memory();
        let upstream = Upstream::Memory(connector.clone());
        Self { connector: Some(connector), ..Self::on(config, Listener::Memory(listener), upstream) }
    }

    /// A server on a socket with the usual settings.
    pub(crate) async fn over_tcp() -> Self {
        Self::over_tcp_with(UpstreamConfig::default()).await
    }

    /// The same, called by a channel with these settings.
    pub(crate) async fn over_tcp_with(upstream: UpstreamConfig) -> Self {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
        let uri = format!("http://{}", listener.address().expect("its address"));
        let upstream = Upstream::Remote(UpstreamConfig { uri, ..upstream });
        Self::on(ServerConfig::default(), listener, upstream)
    }

    fn on(config: ServerConfig, listener: Listener, upstream: Upstream) -> Self {
        let (tokens, tasks, stop) = (TestTokens::new(), Tasks::default(), CancellationToken::new());
        let channel = upstream.channel("tasks").expect("a usable upstream");
        let server = server(config, &tokens, tasks.clone());
        let mut serving = JoinSet::new();
        serving.spawn(server.serve(listener, stop.clone()));
        Self { tokens, channel, connector: None, tasks, stop, serving }
    }

    /// A client of somebody who may do everything.
    pub(crate) fn client(&self) -> Client {
        self.client_of(&TestUser::new())
    }

    pub(crate) fn client_of(&self, user: &TestUser) -> Client {
        self.client_with(&self.tokens.sign(user))
    }

    /// A client with whatever this is for a token.
    pub(crate) fn client_with(&self, token: &str) -> Client {
        TaskServiceClient::with_interceptor(self.channel.clone(), Bearer::new(token))
    }

    /// Calls CreateTask and asks the service to do `what`.
    pub(crate) async fn ask(&self, what: &str) -> Result<Task, Status> {
        self.client().create_task(asking(what)).await.map(Response::into_inner)
    }

    /// Sends `body` as it is to `path`, as somebody who may do everything, and returns what the answer says. The
    /// client does nothing by itself, such as ending a call at its deadline.
    pub(crate) async fn send(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Status {
        let token = self.tokens.sign(&TestUser::new());
        let request = http::Request::post(format!("http://memory{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("authorization", format!("Bearer {token}"));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(whole(body)).expect("a request");
        let (mut sender, _connection) = self.connect().await;
        let (parts, body) = sender.send_request(request).await.expect("an answer").into_parts();
        let trailers = body.collect().await.expect("a whole body").trailers().cloned().unwrap_or_default();
        Status::from_header_map(&parts.headers).or_else(|| Status::from_header_map(&trailers)).expect("a status")
    }

    /// A bare HTTP/2 connection, which lives as long as the second value.
    async fn connect(&self) -> (SendRequest<Body>, JoinSet<()>) {
        let stream = self.connector.as_ref().expect("a server in memory").connect().expect("it listens");
        let (sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("a handshake");
        let mut driver = JoinSet::new();
        driver.spawn(async move { connection.await.expect("a connection that does not break") });
        (sender, driver)
    }
}

pub(crate) fn server(config: ServerConfig, tokens: &TestTokens, tasks: Tasks) -> RpcServer {
    let service = TaskServiceServer::new(tasks).max_encoding_message_size(MAX_MESSAGE_BYTES);
    let builder = ServerBuilder::new(config, tokens.verifier(SystemClock), Arc::new(SystemClock));
    builder.add_service(service).build()
}

/// `message` as one gRPC frame.
pub(crate) fn frame(message: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend_from_slice(&u32::try_from(message.len()).expect("a small message").to_be_bytes());
    bytes.extend_from_slice(message);
    bytes
}

fn whole(body: impl Into<Bytes>) -> Body {
    Body::new(http_body_util::Full::new(body.into()))
}

/// A request that asks the service to do `what`.
pub(crate) fn asking(what: &str) -> CreateTaskRequest {
    let task = Task { title: Some(what.to_owned()), ..Task::default() };
    CreateTaskRequest { task: Some(task), ..CreateTaskRequest::default() }
}

/// The reason in the error's `ErrorInfo`; every error must have one, in our domain.
pub(crate) fn reason(status: &Status) -> String {
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, "taskmesh");
    info.reason
}

/// A task service that does what the title of a new task says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks {
    /// How many calls were dropped before they were done.
    pub(crate) dropped: Arc<AtomicUsize>,
    /// How many calls have begun.
    pub(crate) begun: Arc<AtomicUsize>,
    /// Lets calls that asked to `wait` go on.
    pub(crate) release: CancellationToken,
}

impl Tasks {
    pub(crate) fn dropped(&self) -> usize {
        self.dropped.load(Ordering::SeqCst)
    }

    pub(crate) fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }
}

/// Counts when it is dropped.
struct CountDrop(Arc<AtomicUsize>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl TaskService for Tasks {
    type WatchTasksStream = Pin<Box<dyn Stream<Item = Result<WatchTasksResponse, Status>> + Send>>;

    async fn create_task(&self, request: Request<CreateTaskRequest>) -> Result<Response<Task>, Status> {
        let context = request.extensions().get::<CallContext>().cloned().expect("a context");
        let (caller, request) = accept(request)?;
        self.begun.fetch_add(1, Ordering::SeqCst);
        let mut task = request.task.unwrap_or_default();
        match task.title() {
            "panic" => panic!("asked to"),
            "hang" => {
                let _count = CountDrop(Arc::clone(&self.dropped));
                std::future::pending::<()>().await;
            }
            "wait" => self.release.cancelled().await,
            "a bare error" => return Err(Status::internal("SELECT secret FROM table")),
            "a bare refusal" => return Err(Status::invalid_argument("prost says no")),
            "not found" => return Err(status(Fault::not_found("task", "7"))),
            "much" => task.etag = "x".repeat(3 * 1024 * 1024),
            "too much" => task.description = Some("x".repeat(MAX_MESSAGE_BYTES)),
            "the caller" => task.etag = caller.actor.user_id.to_string(),
            "the trace" => task.etag = caller.trace_parent.unwrap_or_default(),
            "the id" => task.etag = context.request_id,
            _ => {}
        }
        Ok(Response::new(task))
    }

    async fn get_task(&self, request: Request<GetTaskRequest>) -> Result<Response<Task>, Status> {
        let (_, request) = accept(request)?;
        Ok(Response::new(Task { id: request.id, ..Task::default() }))
    }

    /// Shows one message, then nothing more; or, if the filter says so, panics, or shows more than anybody reads.
    async fn watch_tasks(
        &self,
        request: Request<WatchTasksRequest>,
    ) -> Result<Response<Self::WatchTasksStream>, Status> {
        let (_, request) = accept(request)?;
        let count = CountDrop(Arc::clone(&self.dropped));
        let panics = request.filter == "panic";
        let rest = futures::stream::poll_fn(move |_| {
            let _count = &count;
            assert!(!panics, "asked to");
            std::task::Poll::Pending
        });
        if request.filter == "flood" {
            let message = WatchTasksResponse { resume_token: "x".repeat(100_000), ..WatchTasksResponse::default() };
            return Ok(Response::new(Box::pin(futures::stream::repeat_with(move || Ok(message.clone())))));
        }
        let first = futures::stream::iter([Ok(WatchTasksResponse::default())]);
        Ok(Response::new(Box::pin(futures::StreamExt::chain(first, rest))))
    }

    async fn list_tasks(&self, _: Request<ListTasksRequest>) -> Result<Response<ListTasksResponse>, Status> {
        unreachable!("no test gets so far")
    }

    async fn update_task(&self, request: Request<UpdateTaskRequest>) -> Result<Response<Task>, Status> {
        let (_, request) = accept(request)?;
        Ok(Response::new(request.task.unwrap_or_default()))
    }

    async fn complete_task(&self, _: Request<CompleteTaskRequest>) -> Result<Response<Task>, Status> {
        unreachable!("no test gets so far")
    }

    async fn reopen_task(&self, _: Request<ReopenTaskRequest>) -> Result<Response<Task>, Status> {
        unreachable!("no test gets so far")
    }

    async fn cancel_task(&self, _: Request<CancelTaskRequest>) -> Result<Response<Task>, Status> {
        unreachable!("no test gets so far")
    }

    async fn delete_task(&self, _: Request<DeleteTaskRequest>) -> Result<Response<Task>, Status> {
        unreachable!("no test gets so far")
    }

    async fn undelete_task(&self, _: Request<UndeleteTaskRequest>) -> Result<Response<Task>, Status> {
        unreachable!("no test gets so far")
    }
}
