//! A TaskService that tells what reached it, and fails on demand.

use std::{collections::BTreeMap, pin::Pin, sync::Mutex, time::Duration};

use futures::{Stream, StreamExt, stream};
use http::HeaderMap;
use mesh_proto::{
    auth::v1::{
        self as auth, Session, SignInRequest,
        auth_service_server::{AuthService, AuthServiceServer},
    },
    task::v1::{
        CancelTaskRequest, CompleteTaskRequest, CreateTaskRequest, DeleteTaskRequest, GetTaskRequest, ListTasksRequest,
        ListTasksResponse, ReopenTaskRequest, Task, TaskChange, UndeleteTaskRequest, UpdateTaskRequest, WatchPosition,
        WatchTasksRequest, WatchTasksResponse,
        task_service_server::{TaskService, TaskServiceServer},
        watch_tasks_response::Event,
    },
};
use mesh_types::{ErrorKind, Fault, Reason};
use tonic::{Request, Response, Status};

type Answer<T> = Result<Response<T>, Status>;

/// The services of these tests.
pub(crate) async fn services() -> tonic::service::Routes {
    let mut builder = tonic::service::Routes::builder();
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<TaskServiceServer<Tasks>>().await;
    reporter.set_serving::<AuthServiceServer<Accounts>>().await;
    builder.add_service(health);
    builder.add_service(TaskServiceServer::new(Tasks)).add_service(AuthServiceServer::new(Accounts));
    builder.routes()
}

/// The resume tokens of watches that have ended, whoever ended them.
static ENDED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Whether the watch with this resume token has ended here.
pub(crate) fn has_ended(resume_token: &str) -> bool {
    ENDED.lock().expect("nobody panics with it").iter().any(|ended| ended == resume_token)
}

/// Tells that a watch has ended.
struct Ending(String);

impl Drop for Ending {
    fn drop(&mut self) {
        ENDED.lock().expect("nobody panics with it").push(std::mem::take(&mut self.0));
    }
}

#[derive(Debug)]
struct Tasks;

/// The headers that reached the service, as JSON.
fn told(headers: &HeaderMap) -> String {
    let headers: BTreeMap<_, _> =
        headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))).collect();
    serde_json::to_string(&headers).expect("strings can be written")
}

/// The failure that an id or filter asks for.
async fn fail_if_asked(word: &str) -> Result<(), Status> {
    match word {
        "missing" => Err(mesh_rpc::status(Fault::not_found("task", "ü%").with("etag", "7"))),
        "busy" => Err(mesh_rpc::status(Fault::unavailable())),
        "never" => std::future::pending().await,
        _ => Ok(()),
    }
}

/// A task that tells of the request it answers.
fn task(id: &str, request: impl std::fmt::Debug) -> Answer<Task> {
    let description = Some(format!("{request:?}"));
    Ok(Response::new(Task { id: id.to_owned(), description, etag: "3-abc".to_owned(), version: 3, ..Task::default() }))
}

#[tonic::async_trait]
impl TaskService for Tasks {
    async fn create_task(&self, request: Request<CreateTaskRequest>) -> Answer<Task> {
        let headers = request.metadata().clone().into_headers();
        let request = request.into_inner();
        let task = request.task.ok_or_else(|| Status::invalid_argument("task"))?;
        fail_if_asked(task.title()).await?;
        let (id, created_by) = ("new".to_owned(), request.request_id);
        Ok(Response::new(Task { id, created_by, description: Some(told(&headers)), ..task }))
    }

    async fn get_task(&self, request: Request<GetTaskRequest>) -> Answer<Task> {
        let request = request.into_inner();
        fail_if_asked(&request.id).await?;
        task(&request.id, &request)
    }

    async fn list_tasks(&self, request: Request<ListTasksRequest>) -> Answer<ListTasksResponse> {
        let request = request.into_inner();
        let next_page_token = if request.filter.is_empty() { String::new() } else { format!("{request:?}") };
        Ok(Response::new(ListTasksResponse { tasks: Vec::new(), next_page_token }))
    }

    async fn update_task(&self, request: Request<UpdateTaskRequest>) -> Answer<Task> {
        let UpdateTaskRequest { task, update_mask, request_id } = request.into_inner();
        let task = task.ok_or_else(|| Status::invalid_argument("task"))?;
        let mask = update_mask.map(|mask| mask.paths.join(",")).unwrap_or_default();
        Ok(Response::new(Task { position: mask, created_by: request_id, ..task }))
    }

    async fn complete_task(&self, request: Request<CompleteTaskRequest>) -> Answer<Task> {
        let request = request.into_inner();
        task(&request.id, &request)
    }

    async fn reopen_task(&self, request: Request<ReopenTaskRequest>) -> Answer<Task> {
        panic!("asked to: {request:?}");
    }

    async fn cancel_task(&self, request: Request<CancelTaskRequest>) -> Answer<Task> {
        let request = request.into_inner();
        task(&request.id, &request)
    }

    async fn delete_task(&self, request: Request<DeleteTaskRequest>) -> Answer<Task> {
        let request = request.into_inner();
        task(&request.id, &request)
    }

    async fn undelete_task(&self, request: Request<UndeleteTaskRequest>) -> Answer<Task> {
        let request = request.into_inner();
        task(&request.id, &request)
    }

    type WatchTasksStream = Pin<Box<dyn Stream<Item = Result<WatchTasksResponse, Status>> + Send>>;

    async fn watch_tasks(&self, request: Request<WatchTasksRequest>) -> Answer<Self::WatchTasksStream> {
        let request = request.into_inner();
        fail_if_asked(&request.filter).await?;
        let position = message(&format!("after {}", request.resume_token), Event::Position(WatchPosition {}));
        let task = Task { title: Some("zwölf 🥚\nline".to_owned()), version: 1 << 60, ..Task::default() };
        let changed = message("token-2", Event::Changed(TaskChange { task: Some(task) }));
        let resync = Fault::new(ErrorKind::OutOfRange, Reason::ResyncRequired, "list again");
        let begun = stream::iter([Ok(position), Ok(changed)]);
        Ok(Response::new(match request.filter.as_str() {
            "two" => begun.boxed(),
            "none" => stream::empty().boxed(),
            "resync" => begun.chain(stream::iter([Err(mesh_rpc::status(resync))])).boxed(),
            "early" => stream::iter([Err(mesh_rpc::status(resync))]).boxed(),
            // Sleeps because it stands for an upstream that is slow to say its first word.
            "slow" => stream::once(tokio::time::sleep(Duration::from_millis(300)))
                .flat_map(move |()| stream::empty())
                .chain(begun)
                .boxed(),
            _ => {
                let ending = Ending(request.resume_token);
                begun.chain(stream::pending()).inspect(move |_| _ = &ending).boxed()
            }
        }))
    }
}

fn message(resume_token: &str, event: Event) -> WatchTasksResponse {
    WatchTasksResponse { event: Some(event), resume_token: resume_token.to_owned() }
}

#[derive(Debug)]
struct Accounts;

#[tonic::async_trait]
impl AuthService for Accounts {
    async fn sign_in(&self, request: Request<SignInRequest>) -> Answer<Session> {
        let headers = request.metadata().clone().into_headers();
        fail_if_asked(&request.get_ref().password).await?;
        Ok(Response::new(Session { access_token: told(&headers), ..Session::default() }))
    }

    async fn sign_up(&self, _: Request<auth::SignUpRequest>) -> Answer<Session> {
        Err(Status::unimplemented(""))
    }

    async fn refresh_token(&self, _: Request<auth::RefreshTokenRequest>) -> Answer<Session> {
        Err(Status::unimplemented(""))
    }

    async fn get_me(&self, _: Request<auth::GetMeRequest>) -> Answer<auth::GetMeResponse> {
        Ok(Response::new(auth::GetMeResponse::default()))
    }

    async fn create_api_token(&self, _: Request<auth::CreateApiTokenRequest>) -> Answer<auth::CreateApiTokenResponse> {
        Err(Status::unimplemented(""))
    }

    async fn list_api_tokens(&self, _: Request<auth::ListApiTokensRequest>) -> Answer<auth::ListApiTokensResponse> {
        Err(Status::unimplemented(""))
    }

    async fn revoke_api_token(&self, _: Request<auth::RevokeApiTokenRequest>) -> Answer<auth::ApiToken> {
        Err(Status::unimplemented(""))
    }

    async fn sign_out(&self, _: Request<auth::SignOutRequest>) -> Answer<auth::SignOutResponse> {
        Err(Status::unimplemented(""))
    }

    async fn sign_out_everywhere(
        &self,
        _: Request<auth::SignOutEverywhereRequest>,
    ) -> Answer<auth::SignOutEverywhereResponse> {
        Err(Status::unimplemented(""))
    }

    async fn update_me(&self, _: Request<auth::UpdateMeRequest>) -> Answer<auth::User> {
        Err(Status::unimplemented(""))
    }

    async fn change_password(&self, _: Request<auth::ChangePasswordRequest>) -> Answer<auth::ChangePasswordResponse> {
        Err(Status::unimplemented(""))
    }

    async fn create_invitation(
        &self,
        _: Request<auth::CreateInvitationRequest>,
    ) -> Answer<auth::CreateInvitationResponse> {
        Err(Status::unimplemented(""))
    }

    async fn list_invitations(
        &self,
        _: Request<auth::ListInvitationsRequest>,
    ) -> Answer<auth::ListInvitationsResponse> {
        Err(Status::unimplemented(""))
    }

    async fn revoke_invitation(&self, _: Request<auth::RevokeInvitationRequest>) -> Answer<auth::Invitation> {
        Err(Status::unimplemented(""))
    }
}
