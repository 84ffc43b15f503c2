//! AuthService over gRPC: decode, do, encode.

pub mod convert;

use std::sync::Arc;

use mesh_proto::auth::v1::{
    ApiToken, CreateApiTokenRequest, CreateApiTokenResponse, GetMeRequest, GetMeResponse, ListApiTokensRequest,
    ListApiTokensResponse, RefreshTokenRequest, RevokeApiTokenRequest, Session, SignInRequest, SignUpRequest,
    auth_service_server::AuthService,
};
use mesh_rpc::{accept, accept_public, status};
use tonic::{Request, Response, Status};

use crate::{app::App, domain::Password};

/// Serves AuthService.
pub struct Accounts {
    app: Arc<App>,
}

impl Accounts {
    /// The service on these use cases.
    pub fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl AuthService for Accounts {
    async fn sign_up(&self, request: Request<SignUpRequest>) -> Result<Response<Session>, Status> {
        let client = convert::client_hint(request.metadata());
        let trace_parent = convert::trace_parent(&request);
        let request = accept_public(request)?;
        let sign_up = convert::sign_up(&request, trace_parent);
        let session = self.app.sign_up(sign_up, &client).await.map_err(status)?;
        Ok(Response::new(convert::session(session)))
    }

    async fn sign_in(&self, request: Request<SignInRequest>) -> Result<Response<Session>, Status> {
        let client = convert::client_hint(request.metadata());
        let request = accept_public(request)?;
        let password = Password(request.password);
        let session = self.app.sign_in(&request.email, password, &client).await.map_err(status)?;
        Ok(Response::new(convert::session(session)))
    }

    async fn refresh_token(&self, request: Request<RefreshTokenRequest>) -> Result<Response<Session>, Status> {
        let request = accept_public(request)?;
        let session = self.app.refresh_token(&request.refresh_token).await.map_err(status)?;
        Ok(Response::new(convert::session(session)))
    }

    async fn get_me(&self, request: Request<GetMeRequest>) -> Result<Response<GetMeResponse>, Status> {
        let (caller, _) = accept(request)?;
        let account = self.app.get_me(&caller).await.map_err(status)?;
        Ok(Response::new(convert::me(&account)))
    }

    async fn create_api_token(
        &self,
        request: Request<CreateApiTokenRequest>,
    ) -> Result<Response<CreateApiTokenResponse>, Status> {
        let (caller, request) = accept(request)?;
        let form = convert::api_token_form(request).map_err(status)?;
        let created = self.app.create_api_token(&caller, form).await.map_err(status)?;
        let token = Some(convert::api_token(&created.token));
        Ok(Response::new(CreateApiTokenResponse { token, secret: created.secret }))
    }

    async fn list_api_tokens(
        &self,
        request: Request<ListApiTokensRequest>,
    ) -> Result<Response<ListApiTokensResponse>, Status> {
        let (caller, request) = accept(request)?;
        let page = self.app.list_api_tokens(&caller, convert::api_token_query(&request)).await.map_err(status)?;
        let tokens = page.tokens.iter().map(convert::api_token).collect();
        Ok(Response::new(ListApiTokensResponse { tokens, next_page_token: page.next_page_token }))
    }

    async fn revoke_api_token(&self, request: Request<RevokeApiTokenRequest>) -> Result<Response<ApiToken>, Status> {
        let (caller, request) = accept(request)?;
        let id = convert::api_token_id(&request.id).map_err(status)?;
        let token = self.app.revoke_api_token(&caller, id).await.map_err(status)?;
        Ok(Response::new(convert::api_token(&token)))
    }
}
