//! A task service of the test's own, and the words that its tests speak in.

use std::{fmt::Debug, sync::Arc};

use mesh_proto::task::v1::{
    CompleteTaskRequest, CreateTaskRequest, DeleteTaskRequest, GetTaskRequest, ListTasksRequest, Task, TaskStatus,
    UpdateTaskRequest, task_service_client::TaskServiceClient,
};
use mesh_rpc::Channel;
use mesh_runtime::Lifecycle;
use mesh_store::DatabaseConfig;
use mesh_testkit::{Bearer, Served, TestBus, TestDatabase, TestTokens, TestUser};
use mesh_types::{Clock, SystemClock};
use task_svc::{Config, Dependencies};
use tonic::{Code, Response, Status, service::interceptor::InterceptedService};
use tonic_types::StatusExt;

/// A client that is somebody.
pub(crate) type Client = TaskServiceClient<InterceptedService<Channel, Bearer>>;

/// One running task service and somebody who calls it.
pub(crate) struct World {
    pub(crate) user: TestUser,
    pub(crate) bus: TestBus,
    pub(crate) tokens: TestTokens,
    config: Config,
    lifecycle: Lifecycle,
    served: Served,
    _database: TestDatabase,
}

impl World {
    /// In this database, with an embedded bus.
    pub(crate) async fn on(database: TestDatabase) -> Self {
        Self::with(database, TestBus::embedded().await, |_| {}).await
    }

    /// In this database, on this bus, with other settings.
    pub(crate) async fn with(database: TestDatabase, bus: TestBus, adjust: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { database: DatabaseConfig::new(database.url()), ..Config::default() };
        adjust(&mut config);
        let tokens = TestTokens::new();
        let (lifecycle, served) = start(&config, &bus, &tokens).await;
        Self { user: TestUser::new(), bus, tokens, config, lifecycle, served, _database: database }
    }

    /// A client that is the world's user.
    pub(crate) fn client(&self) -> Client {
        self.client_of(&self.user)
    }

    /// A client that is somebody else.
    pub(crate) fn client_of(&self, user: &TestUser) -> Client {
        TaskServiceClient::new(self.served.with(self.tokens.bearer(user)))
    }

    /// A client without a token.
    pub(crate) fn stranger(&self) -> TaskServiceClient<Channel> {
        TaskServiceClient::new(self.served.channel())
    }

    /// A channel that is the world's user, for calls that no generated client would make.
    pub(crate) fn channel(&self) -> InterceptedService<Channel, Bearer> {
        self.served.with(self.tokens.bearer(&self.user))
    }

    /// Stops the service and starts it again on the same database and bus.
    pub(crate) async fn restart(&mut self) {
        let again = start(&self.config, &self.bus, &self.tokens);
        self.lifecycle.shutdown().await.expect("it stops in order");
        (self.lifecycle, self.served) = again.await;
    }
}

async fn start(config: &Config, bus: &TestBus, tokens: &TestTokens) -> (Lifecycle, Served) {
    let lifecycle = Lifecycle::default();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let verifier = tokens.verifier(SystemClock);
    let dependencies = Dependencies { bus: bus.shared(), verifier, clock, lifecycle: lifecycle.clone() };
    let server = task_svc::start(config, dependencies).await.expect("the service starts");
    (lifecycle, Served::new(server))
}

/// A task that says its title only.
pub(crate) fn titled(title: &str) -> Task {
    Task { title: Some(title.to_owned()), ..Task::default() }
}

pub(crate) fn creation(task: Task) -> CreateTaskRequest {
    CreateTaskRequest { task: Some(task), ..CreateTaskRequest::default() }
}

/// An update of the fields that `paths` names.
pub(crate) fn update(task: Task, paths: &[&str]) -> UpdateTaskRequest {
    let paths = paths.iter().map(|&path| path.to_owned()).collect();
    UpdateTaskRequest {
        task: Some(task),
        update_mask: Some(prost_types::FieldMask { paths }),
        ..UpdateTaskRequest::default()
    }
}

pub(crate) fn completion(id: &str) -> CompleteTaskRequest {
    CompleteTaskRequest { id: id.to_owned(), ..CompleteTaskRequest::default() }
}

pub(crate) async fn create(client: &mut Client, task: Task) -> Task {
    client.create_task(creation(task)).await.expect("the task is created").into_inner()
}

pub(crate) async fn get(client: &mut Client, id: &str) -> Task {
    client.get_task(GetTaskRequest { id: id.to_owned() }).await.expect("the task is there").into_inner()
}

pub(crate) async fn delete(client: &mut Client, id: &str) -> Task {
    let request = DeleteTaskRequest { id: id.to_owned(), ..DeleteTaskRequest::default() };
    client.delete_task(request).await.expect("the task is deleted").into_inner()
}

/// All pages of a list.
pub(crate) async fn list_all(client: &mut Client, request: ListTasksRequest) -> Vec<Task> {
    let (mut tasks, mut request) = (Vec::new(), request);
    loop {
        let page = client.list_tasks(request.clone()).await.expect("a page").into_inner();
        tasks.extend(page.tasks);
        if page.next_page_token.is_empty() {
            return tasks;
        }
        request.page_token = page.next_page_token;
    }
}

/// The task without what the answer to a mutation adds.
pub(crate) fn settled(task: Task) -> Task {
    Task { change_id: String::new(), ..task }
}

pub(crate) fn status_of(task: &Task) -> TaskStatus {
    task.status()
}

/// Checks that a call was refused with this code for this reason.
#[track_caller]
pub(crate) fn refused<T: Debug>(result: Result<Response<T>, Status>, code: Code, reason: &str) -> Status {
    let status = result.expect_err("a refusal");
    assert_eq!((status.code(), reason_of(&status).as_str()), (code, reason), "{status:?}");
    status
}

/// The fields that a refusal complains of.
pub(crate) fn violations(status: &Status) -> Vec<String> {
    let violations = status.get_details_bad_request().map(|details| details.field_violations).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}

pub(crate) fn reason_of(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// A dynamic part of a refusal.
pub(crate) fn metadata_of(status: &Status, name: &str) -> Option<String> {
    status.get_details_error_info()?.metadata.remove(name)
}
