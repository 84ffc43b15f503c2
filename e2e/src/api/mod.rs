//! The calls that tests make most, by name. Here accounts, tasks and the record.

mod notify;
mod scheduler;

use mesh_proto::{
    audit::v1::{
        AuditEvent, ListAuditEventsRequest, ListAuditEventsResponse, ListEntityEventsRequest, ListEntityEventsResponse,
    },
    auth::v1::{
        ApiToken, CreateApiTokenRequest, CreateApiTokenResponse, CreateInvitationRequest, CreateInvitationResponse,
        GetMeRequest, GetMeResponse, Invitation, Session, SignInRequest, SignUpRequest,
    },
    task::v1::{
        CompleteTaskRequest, CreateTaskRequest, DeleteTaskRequest, GetTaskRequest, ListTasksRequest, ListTasksResponse,
        Task, UndeleteTaskRequest, UpdateTaskRequest, WatchTasksRequest, WatchTasksResponse,
    },
};
use prost_types::FieldMask;

use crate::{Client, Failure, Messages};

type Answer<A> = Result<A, Failure>;

/// Accounts.
#[expect(missing_docs, reason = "each is the RPC of its name")]
impl Client {
    pub async fn sign_up(&self, email: &str, password: &str) -> Answer<Session> {
        let request = SignUpRequest { email: email.into(), password: password.into(), ..SignUpRequest::default() };
        self.call("taskmesh.auth.v1.AuthService/SignUp", &request).await
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Answer<Session> {
        let request = SignInRequest { email: email.into(), password: password.into(), ..SignInRequest::default() };
        self.call("taskmesh.auth.v1.AuthService/SignIn", &request).await
    }

    pub async fn get_me(&self) -> Answer<GetMeResponse> {
        self.call("taskmesh.auth.v1.AuthService/GetMe", &GetMeRequest {}).await
    }

    pub async fn create_api_token(&self, name: &str) -> Answer<CreateApiTokenResponse> {
        let token = ApiToken { name: Some(name.to_owned()), ..ApiToken::default() };
        self.call("taskmesh.auth.v1.AuthService/CreateApiToken", &CreateApiTokenRequest { token: Some(token) }).await
    }

    pub async fn create_invitation(&self) -> Answer<CreateInvitationResponse> {
        let request = CreateInvitationRequest { invitation: Some(Invitation::default()) };
        self.call("taskmesh.auth.v1.AuthService/CreateInvitation", &request).await
    }
}

/// Tasks.
#[expect(missing_docs, reason = "each is the RPC of its name")]
impl Client {
    pub async fn create_task(&self, task: Task) -> Answer<Task> {
        self.create_task_once(task, "").await
    }

    pub async fn create_task_once(&self, task: Task, request_id: &str) -> Answer<Task> {
        let (task, request_id) = (Some(task), request_id.to_owned());
        let request = CreateTaskRequest { task, request_id, ..CreateTaskRequest::default() };
        self.call("taskmesh.task.v1.TaskService/CreateTask", &request).await
    }

    pub async fn get_task(&self, id: &str) -> Answer<Task> {
        self.call("taskmesh.task.v1.TaskService/GetTask", &GetTaskRequest { id: id.to_owned() }).await
    }

    pub async fn update_task(&self, task: Task, mask: &[&str], request_id: &str) -> Answer<Task> {
        let update_mask = FieldMask { paths: mask.iter().map(|path| (*path).to_owned()).collect() };
        let update_mask = (!mask.is_empty()).then_some(update_mask);
        let request = UpdateTaskRequest { task: Some(task), update_mask, request_id: request_id.to_owned() };
        self.call("taskmesh.task.v1.TaskService/UpdateTask", &request).await
    }

    pub async fn complete_task(&self, id: &str, request_id: &str) -> Answer<Task> {
        let (id, request_id) = (id.to_owned(), request_id.to_owned());
        let request = CompleteTaskRequest { id, request_id, ..CompleteTaskRequest::default() };
        self.call("taskmesh.task.v1.TaskService/CompleteTask", &request).await
    }

    pub async fn delete_task(&self, id: &str, request_id: &str) -> Answer<Task> {
        let (id, request_id) = (id.to_owned(), request_id.to_owned());
        let request = DeleteTaskRequest { id, request_id, ..DeleteTaskRequest::default() };
        self.call("taskmesh.task.v1.TaskService/DeleteTask", &request).await
    }

    pub async fn undelete_task(&self, id: &str, request_id: &str) -> Answer<Task> {
        let (id, request_id) = (id.to_owned(), request_id.to_owned());
        let request = UndeleteTaskRequest { id, request_id, ..UndeleteTaskRequest::default() };
        self.call("taskmesh.task.v1.TaskService/UndeleteTask", &request).await
    }

    pub async fn list_tasks(&self, request: &ListTasksRequest) -> Answer<ListTasksResponse> {
        self.call("taskmesh.task.v1.TaskService/ListTasks", request).await
    }

    pub async fn watch_tasks(&self, resume_token: &str) -> Answer<Messages<WatchTasksResponse>> {
        let request = WatchTasksRequest { resume_token: resume_token.to_owned(), ..WatchTasksRequest::default() };
        self.stream("taskmesh.task.v1.TaskService/WatchTasks", &request).await
    }

    /// Every task of the personal workspace, deleted ones too, by pages of `page_size`.
    pub async fn all_tasks(&self, page_size: i32) -> Answer<Vec<Task>> {
        let mut request = ListTasksRequest { page_size, show_deleted: true, ..ListTasksRequest::default() };
        let mut tasks = Vec::new();
        loop {
            let page = self.list_tasks(&request).await?;
            tasks.extend(page.tasks);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return Ok(tasks);
            }
        }
    }
}

/// The record of what happened.
impl Client {
    /// The whole history of one task, in order of its versions.
    ///
    /// # Errors
    /// What the gateway answered.
    pub async fn task_history(&self, id: &str) -> Answer<Vec<AuditEvent>> {
        let (entity_type, entity_id) = ("task".to_owned(), id.to_owned());
        let mut request = ListEntityEventsRequest { entity_type, entity_id, ..ListEntityEventsRequest::default() };
        let mut events = Vec::new();
        loop {
            let page: ListEntityEventsResponse =
                self.call("taskmesh.audit.v1.AuditService/ListEntityEvents", &request).await?;
            events.extend(page.events);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return Ok(events);
            }
        }
    }

    /// Everything that happened in the personal workspace, newest first.
    ///
    /// # Errors
    /// What the gateway answered.
    pub async fn whole_history(&self) -> Answer<Vec<AuditEvent>> {
        let mut request = ListAuditEventsRequest { page_size: 200, ..ListAuditEventsRequest::default() };
        let mut events = Vec::new();
        loop {
            let page: ListAuditEventsResponse =
                self.call("taskmesh.audit.v1.AuditService/ListAuditEvents", &request).await?;
            events.extend(page.events);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return Ok(events);
            }
        }
    }
}
