//! task-svc: tasks are read, made and changed there.

use mesh_proto::task::v1::{
    CancelTaskRequest, CreateTaskRequest, DeleteTaskRequest, GetTaskRequest, Task, TaskTime, UpdateTaskRequest,
    task_service_client::TaskServiceClient, task_time::Value,
};
use mesh_rpc::{Channel, Repeat, Safety, ServiceTokens, Upstream, UpstreamError, fields};
use mesh_types::{Caller, Fault, Role, TaskId, UserId, WorkspaceId};
use tonic::{Request, metadata::MetadataValue};

use super::fault::fault_of;
use crate::domain::{PlannedTime, TaskRef, TaskStatus};

/// Calls task-svc, each time with a token that names the person and this service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TasksClient {
    client: TaskServiceClient<Channel>,
    tokens: ServiceTokens,
}

/// A task as somebody saw it.
#[derive(Clone, Debug)]
pub struct SeenTask {
    /// What is kept of it.
    pub reference: TaskRef,
    /// All of it.
    pub message: Task,
}

/// Somebody in whose name something is done that nobody waits for.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The person.
    pub user: UserId,
    /// The workspace it is done in.
    pub workspace: WorkspaceId,
}

impl TasksClient {
    /// A client that connects when it is first used.
    ///
    /// # Errors
    /// When the upstream's address is none.
    pub fn new(upstream: &Upstream, tokens: ServiceTokens) -> Result<Self, UpstreamError> {
        Ok(Self { client: TaskServiceClient::new(upstream.channel("task-svc")?), tokens })
    }

    /// The task as the caller sees it.
    ///
    /// # Errors
    /// NOT_FOUND when there is no such task for the caller; whatever else task-svc says.
    pub async fn get_task(&self, caller: &Caller, id: TaskId) -> Result<SeenTask, Fault> {
        let token = self.tokens.for_caller(caller)?;
        let mut request = authorized(GetTaskRequest { id: id.to_string() }, &token)?;
        follow_trace(&mut request, caller.trace_parent.as_deref());
        request.extensions_mut().insert(Repeat { safety: Safety::Safe, unary: true, deadline: None });
        let answer = self.client.clone().get_task(request).await.map_err(|status| fault_of(&status))?;
        let message = answer.into_inner();
        let reference = task_ref(&message, 0).ok_or_else(misunderstood)?;
        Ok(SeenTask { reference, message })
    }

    /// Makes a task.
    ///
    /// # Errors
    /// ALREADY_EXISTS when the occurrence has its task already; whatever else task-svc says.
    pub async fn create_task(&self, member: Member, task: Task) -> Result<Task, Fault> {
        let token = self.tokens.for_member(member.user, member.workspace, Role::Editor)?;
        let workspace_id = member.workspace.to_string();
        let request = CreateTaskRequest { task: Some(task), workspace_id, ..CreateTaskRequest::default() };
        let answer = self.client.clone().create_task(authorized(request, &token)?).await;
        answer.map(tonic::Response::into_inner).map_err(|status| fault_of(&status))
    }

    /// Changes the fields of a task that `paths` names.
    ///
    /// # Errors
    /// Whatever task-svc says.
    pub async fn update_task(&self, member: Member, task: Task, paths: &[&str]) -> Result<Task, Fault> {
        let token = self.tokens.for_member(member.user, member.workspace, Role::Editor)?;
        let paths = paths.iter().map(|&path| path.to_owned()).collect();
        let request = UpdateTaskRequest {
            task: Some(task),
            update_mask: Some(prost_types::FieldMask { paths }),
            ..UpdateTaskRequest::default()
        };
        let answer = self.client.clone().update_task(authorized(request, &token)?).await;
        answer.map(tonic::Response::into_inner).map_err(|status| fault_of(&status))
    }
}

impl TasksClient {
    /// Cancels a task.
    ///
    /// # Errors
    /// Whatever task-svc says.
    pub async fn cancel_task(&self, member: Member, id: TaskId) -> Result<Task, Fault> {
        let token = self.tokens.for_member(member.user, member.workspace, Role::Editor)?;
        let request = CancelTaskRequest { id: id.to_string(), ..CancelTaskRequest::default() };
        let answer = self.client.clone().cancel_task(authorized(request, &token)?).await;
        answer.map(tonic::Response::into_inner).map_err(|status| fault_of(&status))
    }

    /// Puts a task into the bin.
    ///
    /// # Errors
    /// Whatever task-svc says.
    pub async fn delete_task(&self, member: Member, id: TaskId) -> Result<Task, Fault> {
        let token = self.tokens.for_member(member.user, member.workspace, Role::Editor)?;
        let request = DeleteTaskRequest { id: id.to_string(), ..DeleteTaskRequest::default() };
        let answer = self.client.clone().delete_task(authorized(request, &token)?).await;
        answer.map(tonic::Response::into_inner).map_err(|status| fault_of(&status))
    }
}

/// What is kept of a task, of which task-svc's `epoch` (0 is unknown); `None` if the message is no whole task.
pub fn task_ref(task: &Task, epoch: i64) -> Option<TaskRef> {
    Some(TaskRef {
        id: task.id.parse().ok()?,
        workspace_id: task.workspace_id.parse().ok()?,
        epoch,
        version: task.version,
        title: task.title.clone().unwrap_or_default(),
        status: TaskStatus::coded(i16::try_from(task.status?).ok()?)?,
        deleted: task.delete_time.is_some(),
        start: planned_time(task.start.as_ref())?,
        due: planned_time(task.due.as_ref())?,
    })
}

/// `Some(None)` is unset; `None` makes no sense.
fn planned_time(time: Option<&TaskTime>) -> Option<Option<PlannedTime>> {
    let Some(time) = time else { return Some(None) };
    let zone = Some(time.time_zone.clone()).filter(|zone| !zone.is_empty());
    let time = match time.value.as_ref()? {
        Value::Time(instant) => PlannedTime::Instant(fields::instant(instant)?, zone),
        Value::LocalTime(text) => PlannedTime::local_time(text, zone?)?,
        Value::Date(text) => PlannedTime::date(text, zone)?,
    };
    Some(Some(time))
}

fn authorized<T>(message: T, token: &str) -> Result<Request<T>, Fault> {
    let bearer = MetadataValue::try_from(format!("Bearer {token}")).map_err(|_| Fault::internal())?;
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", bearer);
    Ok(request)
}

/// Our call is a part of the caller's trace.
fn follow_trace<T>(request: &mut Request<T>, trace_parent: Option<&str>) {
    if let Some(value) = trace_parent.and_then(|parent| MetadataValue::try_from(parent).ok()) {
        request.metadata_mut().insert("traceparent", value);
    }
}

fn misunderstood() -> Fault {
    tracing::error!("task service answered with a task that cannot be read");
    Fault::internal()
}
