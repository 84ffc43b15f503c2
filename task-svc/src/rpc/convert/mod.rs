//! Between the messages of the contract and the domain: the only place that knows which fields may be absent, and what
//! that means.

mod checks;
mod edits;
mod fields;
mod resume;
mod task;

use mesh_proto::task::v1 as proto;
use mesh_types::{ErrorKind, Fault, PageSize, Reason, TaskId, WorkspaceId, WorkspaceSelector};
use prost::Message;
use sha2::{Digest, Sha256};

use crate::{
    app::{CreateTask, ListTasks, RequestId, Target, UpdateTask, WatchTasks},
    domain::{Draft, Etag, OrderBy, Status},
};
use checks::Checks;

pub(crate) use task::{kept_task, task};
pub(super) use {resume::token, task::written};

impl TryFrom<proto::CreateTaskRequest> for CreateTask {
    type Error = Fault;

    fn try_from(mut request: proto::CreateTaskRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let task = request.task.unwrap_or_default();
        let workspace = new_home(&request.workspace_id, &task.workspace_id, &mut checks);
        let draft = draft(task, &mut checks);
        let (draft, workspace) = checks.finish(draft.zip(workspace))?;
        Ok(Self { workspace, draft, request: request_id })
    }
}

impl TryFrom<proto::UpdateTaskRequest> for UpdateTask {
    type Error = Fault;

    fn try_from(mut request: proto::UpdateTaskRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let mut task = request.task.unwrap_or_default();
        let id = checks.task_id("task.id", &task.id);
        let etag = checks.token("task.etag", std::mem::take(&mut task.etag)).map(Etag::sent);
        let paths = request.update_mask.map(|mask| mask.paths).unwrap_or_default();
        let edits = edits::edits(task, paths, &mut checks)?;
        let id = checks.finish(id)?;
        Ok(Self { target: Target { id, etag, request: request_id }, edits })
    }
}

macro_rules! targets {
    ($($request:ident),*) => {
        $(impl TryFrom<proto::$request> for Target {
            type Error = Fault;

            fn try_from(mut request: proto::$request) -> Result<Self, Fault> {
                let mut checks = Checks::default();
                let request_id = request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
                let id = checks.task_id("id", &request.id);
                let etag = checks.token("etag", request.etag).map(Etag::sent);
                Ok(Self { id: checks.finish(id)?, etag, request: request_id })
            }
        })*
    };
}

// Requests that differ in nothing but the verb.
targets!(CompleteTaskRequest, ReopenTaskRequest, CancelTaskRequest, DeleteTaskRequest, UndeleteTaskRequest);

impl TryFrom<proto::ListTasksRequest> for ListTasks {
    type Error = Fault;

    fn try_from(request: proto::ListTasksRequest) -> Result<Self, Fault> {
        refuse_filter("filter", &request.filter)?;
        refuse_filter("query", &request.query)?;
        let order: OrderBy = request.order_by.parse().map_err(|error: crate::domain::OrderError| {
            Fault::new(ErrorKind::InvalidArgument, Reason::OrderByInvalid, error.to_string())
        })?;
        Ok(Self {
            workspaces: workspaces(&request.workspace_id)?,
            show_deleted: request.show_deleted,
            order,
            page_size: PageSize::from_request(request.page_size),
            page_token: request.page_token,
        })
    }
}

impl TryFrom<proto::WatchTasksRequest> for WatchTasks {
    type Error = Fault;

    fn try_from(request: proto::WatchTasksRequest) -> Result<Self, Fault> {
        refuse_filter("filter", &request.filter)?;
        Ok(Self { workspaces: workspaces(&request.workspace_id)?, resume: resume::place(&request.resume_token)? })
    }
}

/// The id of the task to get.
pub(super) fn get_task(request: &proto::GetTaskRequest) -> Result<TaskId, Fault> {
    let mut checks = Checks::default();
    let id = checks.task_id("id", &request.id);
    checks.finish(id)
}

fn draft(mut task: proto::Task, checks: &mut Checks) -> Option<Draft> {
    // Every field is read before any is needed, so that all that is wrong is noted.
    let status = match task.status {
        None => Some(Status::NeedsAction),
        Some(_) => fields::status(&task, checks),
    };
    let title = fields::title(&mut task, checks);
    let description = fields::description(&mut task, checks);
    let (list_id, parent_id) = (fields::list_id(&task, checks), fields::parent_id(&task, checks));
    let (priority, tags) = (fields::priority(&task, checks), fields::tags(&mut task, checks));
    let (start, due) = (fields::start(&mut task, checks), fields::due(&mut task, checks));
    let series = fields::series(&task, checks);
    Some(Draft {
        list_id: list_id?,
        parent_id: parent_id?,
        title: title?,
        description: description?,
        status: status?,
        priority: priority?,
        tags: tags?,
        start: start?,
        due: due?,
        series: series?,
    })
}

/// The workspace of a new task: the request's, else the resource's, else (`Some(None)`) the personal one.
fn new_home(asked: &str, of_resource: &str, checks: &mut Checks) -> Option<Option<WorkspaceId>> {
    let (field, text) = match (asked, of_resource) {
        ("", "") => return Some(None),
        ("", of_resource) => ("task.workspace_id", of_resource),
        (asked, _) => ("workspace_id", asked),
    };
    checks.uuid(field, text).map(|id| Some(WorkspaceId(id)))
}

fn workspaces(text: &str) -> Result<WorkspaceSelector, Fault> {
    match text {
        "" => Ok(WorkspaceSelector::Personal),
        "-" => Ok(WorkspaceSelector::All),
        id => {
            let mut checks = Checks::default();
            let id = checks.uuid("workspace_id", id);
            checks.finish(id).map(|id| WorkspaceSelector::One(WorkspaceId(id)))
        }
    }
}

/// Filters are not there yet; ignoring one would answer something else than what was asked.
fn refuse_filter(field: &'static str, text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Ok(());
    }
    let message = format!("{field} is not available yet; leave it empty");
    Err(Fault::new(ErrorKind::InvalidArgument, Reason::FilterInvalid, message).with("field", field))
}

/// The request's id, if it has one, with a digest of everything else in it (`rest`).
fn request_id(id: String, rest: &impl Message, checks: &mut Checks) -> Option<RequestId> {
    let id = checks.token("request_id", id)?;
    Some(RequestId { id, body_digest: Sha256::digest(rest.encode_to_vec()).into() })
}
