//! The world of the tests of schedules: a scheduler beside a real task service, on one clock that the test moves, and the
//! words that these tests speak in.

use std::{ops::Deref, time::Duration};

use mesh_proto::{
    scheduler::v1::{
        CreateScheduleRequest, EndScheduleRequest, GetScheduleRequest, ListOccurrencesRequest, Occurrence,
        OccurrenceState, PauseScheduleRequest, ResumeScheduleRequest, Schedule,
    },
    task::v1::{
        CancelTaskRequest, CompleteTaskRequest, DeleteTaskRequest, GetTaskRequest, ListTasksRequest, ReopenTaskRequest,
        Task, TaskTime, UpdateTaskRequest, task_time::Value,
    },
};
use mesh_rpc::{MemoryListener, Upstream, memory};
use mesh_store::{Database, Sql};
use mesh_testkit::{TestDatabase, TestUser, eventually};
use mesh_types::Timestamp;
use tonic::Status;
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::support::{Client, Replica, World, create_task, titled};

pub(crate) const BERLIN: &str = "Europe/Berlin";

/// Replicas of the scheduler in a world that has none of its own.
pub(crate) struct ScheduleWorld {
    world: World,
    replicas: Vec<Replica>,
}

impl Deref for ScheduleWorld {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl ScheduleWorld {
    /// One scheduler, in this database.
    pub(crate) async fn on(database: TestDatabase) -> Self {
        Self::with_replicas(database, 1).await
    }

    /// So many schedulers that share this database.
    pub(crate) async fn with_replicas(database: TestDatabase, replicas: usize) -> Self {
        let mut world = Self { world: World::stopped(database).await, replicas: Vec::new() };
        world.set_clock("2026-10-19T06:00:00Z");
        for _ in 0..replicas {
            world.replicas.push(world.another().await);
        }
        world
    }

    /// Stops every replica, and starts one that cannot reach the task service.
    pub(crate) async fn cut_off(&mut self) {
        self.stop().await;
        let (nowhere, _) = memory();
        let mut kit = self.kit();
        kit.tasks = Upstream::Memory(nowhere);
        self.replicas.push(Replica::start(&kit).await);
    }

    /// Stops every replica, and starts one whose calls to the task service nobody answers, as long as what is returned
    /// is kept.
    pub(crate) async fn put_on_hold(&mut self) -> MemoryListener {
        self.stop().await;
        let (nobody, listener) = memory();
        let mut kit = self.kit();
        kit.tasks = Upstream::Memory(nobody);
        self.replicas.push(Replica::start(&kit).await);
        listener
    }

    /// Stops every replica, and starts one that reaches everything.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.replicas.push(self.another().await);
    }

    /// Stops every replica as SIGTERM does.
    pub(crate) async fn stop(&mut self) {
        for replica in self.replicas.drain(..) {
            replica.stop().await;
        }
    }

    pub(crate) fn schedules(&self) -> Client {
        self.schedules_of(&self.user)
    }

    /// A client that is somebody else.
    pub(crate) fn schedules_of(&self, user: &TestUser) -> Client {
        self.replicas[0].client(user)
    }

    /// The scheduler's own database.
    pub(crate) async fn database(&self) -> Database {
        self.world.database.connect().await
    }

    /// Moves the clock to this instant.
    pub(crate) fn set_clock(&self, instant: &str) {
        self.clock.set(at(instant));
    }

    /// A task that is due then, by the clock on the wall in Berlin.
    pub(crate) async fn task_due(&self, due: &str) -> Task {
        self.create_task(Task { due: Some(local(due)), ..titled("water the plants") }).await
    }

    pub(crate) async fn create_task(&self, task: Task) -> Task {
        create_task(&mut self.tasks(), task).await
    }

    /// A schedule of this task, once its worker has told the task.
    pub(crate) async fn scheduled(&self, task: &Task, rrule: &str) -> Schedule {
        self.create(creation(task, rrule)).await
    }

    pub(crate) async fn create(&self, request: CreateScheduleRequest) -> Schedule {
        let schedule = self.schedules().create_schedule(request).await.expect("it is created").into_inner();
        let linked = eventually(async || self.task(schedule.task_id()).await.schedule_id).await;
        assert_eq!(linked, schedule.id);
        self.errands_done(&schedule.id).await;
        schedule
    }

    /// Returns when nothing is left to do for the tasks of a schedule, so that what comes next need not wait for a claim.
    async fn errands_done(&self, schedule: &str) {
        const UNDONE: Sql =
            Sql::both("SELECT count(*) AS undone FROM occurrence WHERE schedule_id = $1 AND to_do IS NOT NULL");
        let database = self.database().await;
        let id: Uuid = schedule.parse().expect("an id");
        eventually(async || {
            let row = UNDONE.one(database.reader(), [id.into()]).await.expect("it can be read")?;
            (row.try_get::<i64>("", "undone").expect("a count") == 0).then_some(())
        })
        .await;
        database.close().await;
    }

    pub(crate) async fn get(&self, id: &str) -> Schedule {
        let request = GetScheduleRequest { id: id.to_owned() };
        self.schedules().get_schedule(request).await.expect("it is there").into_inner()
    }

    pub(crate) async fn pause(&self, id: &str) -> Schedule {
        let request = PauseScheduleRequest { id: id.to_owned(), ..PauseScheduleRequest::default() };
        self.schedules().pause_schedule(request).await.expect("it is paused").into_inner()
    }

    pub(crate) async fn resume(&self, id: &str) -> Schedule {
        let request = ResumeScheduleRequest { id: id.to_owned(), ..ResumeScheduleRequest::default() };
        self.schedules().resume_schedule(request).await.expect("it is resumed").into_inner()
    }

    pub(crate) async fn end(&self, id: &str) -> Schedule {
        let request = EndScheduleRequest { id: id.to_owned(), ..EndScheduleRequest::default() };
        self.schedules().end_schedule(request).await.expect("it is ended").into_inner()
    }

    pub(crate) async fn task(&self, id: &str) -> Task {
        let request = GetTaskRequest { id: id.to_owned() };
        self.tasks().get_task(request).await.expect("the task is there").into_inner()
    }

    pub(crate) async fn complete(&self, id: &str) -> Task {
        let request = CompleteTaskRequest { id: id.to_owned(), ..CompleteTaskRequest::default() };
        self.tasks().complete_task(request).await.expect("it is completed").into_inner()
    }

    pub(crate) async fn reopen(&self, id: &str) {
        let request = ReopenTaskRequest { id: id.to_owned(), ..ReopenTaskRequest::default() };
        self.tasks().reopen_task(request).await.expect("it is reopened");
    }

    pub(crate) async fn cancel(&self, id: &str) {
        let request = CancelTaskRequest { id: id.to_owned(), ..CancelTaskRequest::default() };
        self.tasks().cancel_task(request).await.expect("it is cancelled");
    }

    pub(crate) async fn delete(&self, id: &str) {
        let request = DeleteTaskRequest { id: id.to_owned(), ..DeleteTaskRequest::default() };
        self.tasks().delete_task(request).await.expect("it is deleted");
    }

    pub(crate) async fn retitle(&self, id: &str, title: &str) {
        let task = Task { id: id.to_owned(), ..titled(title) };
        let request = UpdateTaskRequest { task: Some(task), ..UpdateTaskRequest::default() };
        self.tasks().update_task(request).await.expect("it is updated");
    }

    /// The tasks of a schedule, deleted ones included, by their occurrences.
    pub(crate) async fn tasks_of(&self, schedule: &str) -> Vec<Task> {
        let request = ListTasksRequest { show_deleted: true, page_size: 1000, ..ListTasksRequest::default() };
        let mut tasks = self.tasks().list_tasks(request).await.expect("a page").into_inner().tasks;
        tasks.retain(|task| task.schedule_id() == schedule);
        tasks.sort_by(|one, other| one.occurrence().cmp(other.occurrence()));
        tasks
    }

    /// The tasks of a schedule, once there are so many.
    pub(crate) async fn tasks_when(&self, schedule: &str, count: usize) -> Vec<Task> {
        eventually(async || {
            let tasks = self.tasks_of(schedule).await;
            if tasks.len() == count { Ok(tasks) } else { Err(occurrences(&tasks)) }
        })
        .await
    }

    /// Returns when everything that happened to tasks before is followed: what comes after it is.
    pub(crate) async fn quiet(&self) {
        let due = self.create_task(Task { due: Some(local("2030-01-01T00:00:00")), ..titled("marker") }).await;
        let marker = self.scheduled(&due, "FREQ=DAILY").await;
        self.complete(&due.id).await;
        self.tasks_when(&marker.id, 2).await;
        self.end(&marker.id).await;
        self.delete(&due.id).await;
    }

    pub(crate) async fn occurrences(&self, request: ListOccurrencesRequest) -> (Vec<Occurrence>, String) {
        let answer = self.schedules().list_occurrences(request).await.expect("a page").into_inner();
        (answer.occurrences, answer.next_page_token)
    }

    /// What has become of each occurrence that is planned.
    pub(crate) async fn states(&self, schedule: &str) -> Vec<(String, OccurrenceState)> {
        let request = ListOccurrencesRequest { id: schedule.to_owned(), ..ListOccurrencesRequest::default() };
        let (occurrences, _) = self.occurrences(request).await;
        let states = occurrences.into_iter().map(|occurrence| (occurrence.state(), occurrence.occurrence));
        let planned = states.filter(|(state, _)| *state != OccurrenceState::Computed);
        planned.map(|(state, nominal)| (nominal, state)).collect()
    }

    /// Returns when what is to be done for the newest task of a schedule was begun.
    pub(crate) async fn tried(&self, schedule: &str) {
        const TRIED: Sql = Sql::both(
            "SELECT attempts FROM occurrence WHERE schedule_id = $1 AND state = 20 ORDER BY nominal DESC LIMIT 1",
        );
        let database = self.database().await;
        let id: Uuid = schedule.parse().expect("an id");
        eventually(async || {
            let row = TRIED.one(database.reader(), [id.into()]).await.expect("it can be read")?;
            (row.try_get::<i32>("", "attempts").expect("a count") > 0).then_some(())
        })
        .await;
    }

    /// Lets time pass until put-off work is due again.
    pub(crate) fn wait_out(&self) {
        self.clock.advance(Duration::from_secs(60));
    }
}

/// This instant.
pub(crate) fn at(text: &str) -> Timestamp {
    let instant: jiff::Timestamp = text.parse().expect("an instant");
    Timestamp::from_micros(instant.as_microsecond())
}

/// The instant of a message, as text.
pub(crate) fn shown(time: Option<&prost_types::Timestamp>) -> String {
    let time = time.expect("an instant");
    jiff::Timestamp::new(time.seconds, time.nanos).expect("in range").to_string()
}

/// A wall time in Berlin.
pub(crate) fn local(text: &str) -> TaskTime {
    TaskTime { value: Some(Value::LocalTime(text.to_owned())), time_zone: BERLIN.to_owned() }
}

/// A request for a schedule of this task, with the task's own due and zone.
pub(crate) fn creation(task: &Task, rrule: &str) -> CreateScheduleRequest {
    let (task_id, rrule) = (Some(task.id.clone()), Some(rrule.to_owned()));
    let schedule = Some(Schedule { task_id, rrule, ..Schedule::default() });
    CreateScheduleRequest { schedule, ..CreateScheduleRequest::default() }
}

/// The same request with this changed.
pub(crate) fn changed(request: CreateScheduleRequest, change: impl FnOnce(&mut Schedule)) -> CreateScheduleRequest {
    let mut schedule = request.schedule.unwrap_or_default();
    change(&mut schedule);
    CreateScheduleRequest { schedule: Some(schedule), ..request }
}

/// Which occurrences these tasks are.
pub(crate) fn occurrences(tasks: &[Task]) -> Vec<String> {
    tasks.iter().map(|task| task.occurrence().to_owned()).collect()
}

/// The wall time, the day or the instant at which a task is due.
pub(crate) fn due_of(task: &Task) -> String {
    match task.due.as_ref().and_then(|due| due.value.clone()) {
        Some(Value::LocalTime(text) | Value::Date(text)) => text,
        Some(Value::Time(time)) => shown(Some(&time)),
        None => String::new(),
    }
}

/// The fields that a refusal complains of, and what about them.
pub(crate) fn complaints(status: &Status) -> Vec<(String, String)> {
    let violations = status.get_details_bad_request().map(|details| details.field_violations).unwrap_or_default();
    violations.into_iter().map(|violation| (violation.field, violation.description)).collect()
}
