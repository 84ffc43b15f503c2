//! A scheduler service of the test's own beside a real task service, and the words that its tests speak in.

use std::{fmt::Debug, sync::Arc, time::Duration};

use mesh_proto::{
    scheduler::v1::{
        CreateReminderRequest, DeleteReminderRequest, DismissReminderRequest, ListRemindersRequest, Reminder,
        SnoozeReminderRequest, UndeleteReminderRequest, UpdateReminderRequest,
        scheduler_service_client::SchedulerServiceClient,
    },
    task::v1::{
        CreateTaskRequest, Task, TaskTime, UpdateTaskRequest, task_service_client::TaskServiceClient, task_time::Value,
    },
};
use mesh_rpc::{Channel, Upstream};
use mesh_runtime::Lifecycle;
use mesh_store::DatabaseConfig;
use mesh_testkit::{Bearer, FakeClock, Served, TestBus, TestDatabase, TestTokens, TestUser};
use mesh_types::{Clock, Timestamp};
use scheduler_svc::{Config, Dependencies, Links};
use tonic::{Code, Response, Status, service::interceptor::InterceptedService};
use tonic_types::StatusExt;

/// A client that is somebody.
pub(crate) type Client = SchedulerServiceClient<InterceptedService<Channel, Bearer>>;
/// The same, of the task service.
pub(crate) type TaskClient = TaskServiceClient<InterceptedService<Channel, Bearer>>;

/// A task service, one or more replicas of the scheduler service, and somebody who calls them. Time stands still until the
/// test moves it.
pub(crate) struct World {
    pub(crate) user: TestUser,
    pub(crate) clock: FakeClock,
    pub(crate) tokens: TestTokens,
    pub(crate) bus: TestBus,
    pub(crate) database: TestDatabase,
    pub(crate) config: Config,
    replica: Option<Replica>,
    tasks: Served,
    _tasks_database: TestDatabase,
}

/// A running scheduler service.
pub(crate) struct Replica {
    lifecycle: Lifecycle,
    served: Served,
    tokens: TestTokens,
}

/// What a replica is started with.
#[derive(Clone)]
pub(crate) struct Kit {
    pub(crate) config: Config,
    pub(crate) bus: TestBus,
    pub(crate) tokens: TestTokens,
    pub(crate) clock: FakeClock,
    pub(crate) tasks: Upstream,
}

impl Replica {
    pub(crate) async fn start(kit: &Kit) -> Self {
        let lifecycle = Lifecycle::default();
        let dependencies = dependencies(&kit.bus, &kit.tokens, &kit.clock, &lifecycle);
        let links = Links { tasks: kit.tasks.clone(), signer: kit.tokens.signer_for("scheduler-svc") };
        let server = scheduler_svc::start(&kit.config, dependencies, links).await.expect("the service starts");
        Self { lifecycle, served: Served::new(server), tokens: kit.tokens.clone() }
    }

    pub(crate) fn client(&self, user: &TestUser) -> Client {
        SchedulerServiceClient::new(self.served.with(self.tokens.bearer(user)))
    }

    /// Stops it as SIGTERM does.
    pub(crate) async fn stop(self) {
        self.served.stop().await;
        self.lifecycle.shutdown().await.expect("it stops in order");
    }
}

fn dependencies(bus: &TestBus, tokens: &TestTokens, clock: &FakeClock, lifecycle: &Lifecycle) -> Dependencies {
    Dependencies {
        bus: bus.shared(),
        verifier: tokens.verifier(clock.clone()),
        clock: Arc::new(clock.clone()),
        lifecycle: lifecycle.clone(),
    }
}

impl World {
    /// With one replica, in this database.
    pub(crate) async fn on(database: TestDatabase) -> Self {
        let mut world = Self::stopped(database).await;
        world.resume().await;
        world
    }

    /// Without a scheduler service so far.
    pub(crate) async fn stopped(database: TestDatabase) -> Self {
        let (bus, tasks_database) = match database.url().starts_with("postgres:") {
            true => (TestBus::jetstream().await, mesh_testkit::postgres().await),
            false => (TestBus::embedded().await, mesh_testkit::sqlite()),
        };
        let (tokens, clock, lifecycle) = (TestTokens::new(), FakeClock::default(), Lifecycle::default());
        let config = task_svc::Config { database: tasks_database.config(), ..task_svc::Config::default() };
        let server = task_svc::start(&config, dependencies(&bus, &tokens, &clock, &lifecycle)).await;
        let tasks = Served::new(server.expect("the task service starts"));
        let mut config = Config { database: DatabaseConfig::new(database.url()), ..Config::default() };
        config.timers.sweep_ms = 100;
        let user = TestUser::new();
        Self { user, clock, tokens, bus, database, config, replica: None, tasks, _tasks_database: tasks_database }
    }

    /// Starts the scheduler service (again).
    pub(crate) async fn resume(&mut self) {
        self.replica = Some(self.another().await);
    }

    /// Stops the scheduler service as SIGTERM does.
    pub(crate) async fn stop(&mut self) {
        self.replica.take().expect("it runs").stop().await;
    }

    /// One more replica on the same database.
    pub(crate) async fn another(&self) -> Replica {
        Replica::start(&self.kit()).await
    }

    pub(crate) fn kit(&self) -> Kit {
        Kit {
            config: self.config.clone(),
            bus: self.bus.clone(),
            tokens: self.tokens.clone(),
            clock: self.clock.clone(),
            tasks: self.tasks.upstream(),
        }
    }

    /// A client that is the world's user.
    pub(crate) fn client(&self) -> Client {
        self.client_of(&self.user)
    }

    /// A client that is somebody else.
    pub(crate) fn client_of(&self, user: &TestUser) -> Client {
        self.replica.as_ref().expect("it runs").client(user)
    }

    /// A client of the task service that is the world's user.
    pub(crate) fn tasks(&self) -> TaskClient {
        self.tasks_as(&self.user)
    }

    /// A client of the task service that is somebody else.
    pub(crate) fn tasks_as(&self, user: &TestUser) -> TaskClient {
        TaskServiceClient::new(self.tasks.with(self.tokens.bearer(user)))
    }

    /// This long after now.
    pub(crate) fn after(&self, delay: Duration) -> Timestamp {
        self.clock.now().plus(delay)
    }

    /// A new task that is due so long from now.
    pub(crate) async fn task_due_in(&self, delay: Duration) -> Task {
        create_task(&mut self.tasks(), Task { due: Some(instant(self.after(delay))), ..titled("a task") }).await
    }

    /// Gives a task another due.
    pub(crate) async fn move_due(&self, task: &Task, due: Option<TaskTime>) {
        let changed = Task { id: task.id.clone(), due, ..Task::default() };
        self.update_task(changed, &["due"]).await;
    }

    pub(crate) async fn update_task(&self, task: Task, paths: &[&str]) -> Task {
        let paths = paths.iter().map(|&path| path.to_owned()).collect();
        let mask = Some(prost_types::FieldMask { paths });
        let request = UpdateTaskRequest { task: Some(task), update_mask: mask, ..UpdateTaskRequest::default() };
        self.tasks().update_task(request).await.expect("the task changes").into_inner()
    }
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

/// A task that says its title only.
pub(crate) fn titled(title: &str) -> Task {
    Task { title: Some(title.to_owned()), ..Task::default() }
}

pub(crate) async fn create_task(client: &mut TaskClient, task: Task) -> Task {
    let request = CreateTaskRequest { task: Some(task), ..CreateTaskRequest::default() };
    client.create_task(request).await.expect("the task is created").into_inner()
}

/// A fixed instant as a task's due.
pub(crate) fn instant(time: Timestamp) -> TaskTime {
    TaskTime { value: Some(Value::Time(proto_time(time))), time_zone: String::new() }
}

pub(crate) fn proto_time(time: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = time.to_parts();
    prost_types::Timestamp { seconds, nanos }
}

pub(crate) fn seconds(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}

/// A reminder so many seconds after the due.
pub(crate) fn offset(after_due: i64) -> Reminder {
    Reminder { offset: Some(seconds(after_due)), ..Reminder::default() }
}

/// A reminder at a fixed instant.
pub(crate) fn at(time: Timestamp) -> Reminder {
    Reminder { at: Some(proto_time(time)), ..Reminder::default() }
}

pub(crate) fn creation(task: &Task, reminder: Reminder) -> CreateReminderRequest {
    let task_id = task.id.clone();
    CreateReminderRequest { task_id, reminder: Some(reminder), ..CreateReminderRequest::default() }
}

pub(crate) async fn remind(client: &mut Client, task: &Task, reminder: Reminder) -> Reminder {
    client.create_reminder(creation(task, reminder)).await.expect("the reminder is created").into_inner()
}

/// An update of the fields that `paths` names.
pub(crate) fn update(reminder: Reminder, paths: &[&str]) -> UpdateReminderRequest {
    let paths = paths.iter().map(|&path| path.to_owned()).collect();
    let update_mask = Some(prost_types::FieldMask { paths });
    UpdateReminderRequest { reminder: Some(reminder), update_mask, ..UpdateReminderRequest::default() }
}

pub(crate) fn deletion(reminder: &Reminder) -> DeleteReminderRequest {
    DeleteReminderRequest { id: reminder.id.clone(), ..DeleteReminderRequest::default() }
}

pub(crate) fn undeletion(reminder: &Reminder) -> UndeleteReminderRequest {
    UndeleteReminderRequest { id: reminder.id.clone(), ..UndeleteReminderRequest::default() }
}

pub(crate) fn dismissal(reminder: &Reminder) -> DismissReminderRequest {
    DismissReminderRequest { id: reminder.id.clone(), ..DismissReminderRequest::default() }
}

/// Be reminded again after so long.
pub(crate) fn snooze(reminder: &Reminder, delay: Duration) -> SnoozeReminderRequest {
    let delay = Some(seconds(i64::try_from(delay.as_secs()).expect("a short delay")));
    SnoozeReminderRequest { id: reminder.id.clone(), delay, ..SnoozeReminderRequest::default() }
}

/// All pages of the caller's reminders, deleted ones included.
pub(crate) async fn list_all(client: &mut Client) -> Vec<Reminder> {
    let request = ListRemindersRequest { show_deleted: true, ..ListRemindersRequest::default() };
    list_pages(client, request).await
}

pub(crate) async fn list_pages(client: &mut Client, mut request: ListRemindersRequest) -> Vec<Reminder> {
    let mut reminders = Vec::new();
    loop {
        let page = client.list_reminders(request.clone()).await.expect("a page").into_inner();
        reminders.extend(page.reminders);
        if page.next_page_token.is_empty() {
            return reminders;
        }
        request.page_token = page.next_page_token;
    }
}

/// A reminder as it is now.
pub(crate) async fn get(client: &mut Client, id: &str) -> Reminder {
    list_all(client).await.into_iter().find(|reminder| reminder.id == id).expect("the reminder is there")
}

/// The reminder without what the answer to a mutation adds.
pub(crate) fn settled(reminder: Reminder) -> Reminder {
    Reminder { change_id: String::new(), ..reminder }
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
