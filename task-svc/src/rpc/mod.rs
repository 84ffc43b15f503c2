//! gRPC in: decode, call the use case, encode. What goes wrong becomes a status here.

pub(crate) mod convert;
mod watch;

use std::{sync::Arc, time::Duration};

use mesh_proto::task::v1::{
    CancelTaskRequest, CompleteTaskRequest, CreateTaskRequest, DeleteTaskRequest, GetTaskRequest, ListTasksRequest,
    ListTasksResponse, ReopenTaskRequest, Task, UndeleteTaskRequest, UpdateTaskRequest, WatchTasksRequest,
    task_service_server::TaskService,
};
use mesh_rpc::{accept, status};
use mesh_types::Fault;
use tonic::{Request, Response, Status, async_trait};

use crate::app::{App, Error, ListTasks, Target, WatchTasks, Written};
use watch::WatchStream;

/// `taskmesh.task.v1.TaskService`.
pub struct TaskRpc {
    app: Arc<App>,
    heartbeat: Duration,
}

impl TaskRpc {
    /// The service over these use cases; a watch without changes says so every `heartbeat`.
    pub fn new(app: Arc<App>, heartbeat: Duration) -> Self {
        Self { app, heartbeat }
    }
}

#[async_trait]
impl TaskService for TaskRpc {
    async fn create_task(&self, request: Request<CreateTaskRequest>) -> Result<Response<Task>, Status> {
        let (caller, message) = accept(request)?;
        let new = message.try_into().map_err(status)?;
        answer(self.app.create_task(&caller, new).await)
    }

    async fn get_task(&self, request: Request<GetTaskRequest>) -> Result<Response<Task>, Status> {
        let (caller, message) = accept(request)?;
        let id = convert::get_task(&message).map_err(status)?;
        let task = self.app.get_task(&caller, id).await.map_err(refused)?;
        Ok(Response::new(convert::task(&task)))
    }

    async fn list_tasks(&self, request: Request<ListTasksRequest>) -> Result<Response<ListTasksResponse>, Status> {
        let (caller, message) = accept(request)?;
        let list = ListTasks::try_from(message).map_err(status)?;
        let page = self.app.list_tasks(&caller, list).await.map_err(refused)?;
        let tasks = page.tasks.iter().map(convert::task).collect();
        Ok(Response::new(ListTasksResponse { tasks, next_page_token: page.next_page_token }))
    }

    async fn update_task(&self, request: Request<UpdateTaskRequest>) -> Result<Response<Task>, Status> {
        let (caller, message) = accept(request)?;
        let update = message.try_into().map_err(status)?;
        answer(self.app.update_task(&caller, update).await)
    }

    async fn complete_task(&self, request: Request<CompleteTaskRequest>) -> Result<Response<Task>, Status> {
        let (caller, message) = accept(request)?;
        let target = Target::try_from(message).map_err(status)?;
        answer(self.app.complete_task(&caller, &target).await)
    }

    async fn reopen_task(&self, request: Request<ReopenTaskRequest>) -> Result<Response<Task>, Status> {
        let (caller, message) = accept(request)?;
        let target = Target::try_from(message).map_err(status)?;
        answer(self.app.reopen_task(&caller, &target).await)
    }

    async fn cancel_task(&self, request: Request<CancelTaskRequest>) -> Result<Response<Task>, Status> {
        let (caller, message) = accept(request)?;
        let target = Target::try_from(message).map_err(status)?;
        answer(self.app.cancel_task(&caller, &target).await)
    }

    async fn delete_task(&self, request: Request<DeleteTaskRequest>) -> Result<Response<Task>, Status> {
        let (caller, message) = accept(request)?;
        let target = Target::try_from(message).map_err(status)?;
        answer(self.app.delete_task(&caller, &target).await)
    }

    async fn undelete_task(&self, request: Request<UndeleteTaskRequest>) -> Result<Response<Task>, Status> {
        let (caller, message) = accept(request)?;
        let target = Target::try_from(message).map_err(status)?;
        answer(self.app.undelete_task(&caller, &target).await)
    }

    type WatchTasksStream = WatchStream;

    async fn watch_tasks(&self, request: Request<WatchTasksRequest>) -> Result<Response<WatchStream>, Status> {
        let (caller, message) = accept(request)?;
        let watch = WatchTasks::try_from(message).map_err(status)?;
        let subscription = self.app.watch_tasks(&caller, watch).await.map_err(refused)?;
        Ok(Response::new(watch::messages(subscription, self.heartbeat)))
    }
}

/// The answer to a mutation.
fn answer(result: Result<Written, Error>) -> Result<Response<Task>, Status> {
    result.map(|written| Response::new(convert::written(&written))).map_err(refused)
}

fn refused(error: Error) -> Status {
    status(Fault::from(error))
}
