//! Between the messages of the contract and the domain: the only place that knows which fields may be absent, and what
//! that means.

mod edits;
mod fields;
mod task;

use mesh_events::live::Place;
use mesh_proto::task::v1 as proto;
use mesh_rpc::fields::{Checks, new_home, refuse_filter, request_id, workspaces};
use mesh_types::{Etag, Fault, PageSize, TaskId};

use crate::{
    app::{CreateTask, ListTasks, Target, UpdateTask, WatchTasks},
    domain::{Draft, OrderBy, Status},
};
use fields::task_id;

pub(super) use task::written;
pub(crate) use task::{kept_task, task};

impl TryFrom<proto::CreateTaskRequest> for CreateTask {
    type Error = Fault;

    fn try_from(mut request: proto::CreateTaskRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let task = request.task.unwrap_or_default();
        let workspace = new_home(&request.workspace_id, &task.workspace_id, "task.workspace_id", &mut checks);
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
        let id = task_id("task.id", &task.id, &mut checks);
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
                let id = task_id("id", &request.id, &mut checks);
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
        let order: OrderBy = request.order_by.parse()?;
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
        Ok(Self { workspaces: workspaces(&request.workspace_id)?, resume: Place::from_token(&request.resume_token)? })
    }
}

/// The id of the task to get.
pub(super) fn get_task(request: &proto::GetTaskRequest) -> Result<TaskId, Fault> {
    let mut checks = Checks::default();
    let id = task_id("id", &request.id, &mut checks);
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
