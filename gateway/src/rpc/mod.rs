//! AuthService over gRPC: decode, do, encode.

pub mod convert;
mod page;

use std::sync::Arc;

use mesh_proto::auth::v1::{
    ApiToken, ChangePasswordRequest, ChangePasswordResponse, CreateApiTokenRequest, CreateApiTokenResponse,
    CreateInvitationRequest, CreateInvitationResponse, GetMeRequest, GetMeResponse, Invitation, ListApiTokensRequest,
    ListApiTokensResponse, ListInvitationsRequest, ListInvitationsResponse, RefreshTokenRequest, RevokeApiTokenRequest,
    RevokeInvitationRequest, Session, SignInRequest, SignOutEverywhereRequest, SignOutEverywhereResponse,
    SignOutRequest, SignOutResponse, SignUpRequest, UpdateMeRequest, User, auth_service_server::AuthService,
};
use mesh_rpc::{accept, accept_public, status};
use mesh_types::ApiTokenId;
use tonic::{Request, Response, Status};

use crate::{app::App, domain::Password};
use page::Page;

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
        let (client, page) = (convert::client_hint(request.metadata()), Page::of(request.metadata()));
        let trace_parent = convert::trace_parent(&request);
        let request = accept_public(request)?;
        page.check(request.cookies).map_err(status)?;
        let sign_up = convert::sign_up(&request, trace_parent);
        let session = self.app.sign_up(sign_up, &client).await.map_err(status)?;
        page::signed_in(session, request.cookies).map_err(status)
    }

    async fn sign_in(&self, request: Request<SignInRequest>) -> Result<Response<Session>, Status> {
        let (client, page) = (convert::client_hint(request.metadata()), Page::of(request.metadata()));
        let request = accept_public(request)?;
        page.check(request.cookies).map_err(status)?;
        let password = Password::typed(&request.password);
        let session = self.app.sign_in(&request.email, password, &client).await.map_err(status)?;
        page::signed_in(session, request.cookies).map_err(status)
    }

    async fn refresh_token(&self, request: Request<RefreshTokenRequest>) -> Result<Response<Session>, Status> {
        let (client, page) = (convert::client_hint(request.metadata()), Page::of(request.metadata()));
        let (token, is_cookie) = page.refresh_token(accept_public(request)?.refresh_token).map_err(status)?;
        let session = self.app.refresh_token(&token, &client).await.map_err(status)?;
        page::signed_in(session, is_cookie).map_err(status)
    }

    async fn sign_out(&self, request: Request<SignOutRequest>) -> Result<Response<SignOutResponse>, Status> {
        let page = Page::of(request.metadata());
        let (token, is_cookie) = page.refresh_token(accept_public(request)?.refresh_token).map_err(status)?;
        self.app.sign_out(&token).await.map_err(status)?;
        page::signed_out(is_cookie).map_err(status)
    }

    async fn sign_out_everywhere(
        &self,
        request: Request<SignOutEverywhereRequest>,
    ) -> Result<Response<SignOutEverywhereResponse>, Status> {
        let (caller, _) = accept(request)?;
        self.app.sign_out_everywhere(&caller).await.map_err(status)?;
        Ok(Response::new(SignOutEverywhereResponse {}))
    }

    async fn update_me(&self, request: Request<UpdateMeRequest>) -> Result<Response<User>, Status> {
        let (caller, request) = accept(request)?;
        let update = convert::update_me(request).map_err(status)?;
        let user = self.app.update_me(&caller, update).await.map_err(status)?;
        Ok(Response::new(convert::user(&user)))
    }

    async fn change_password(
        &self,
        request: Request<ChangePasswordRequest>,
    ) -> Result<Response<ChangePasswordResponse>, Status> {
        let (caller, request) = accept(request)?;
        let (current, new) = (Password::typed(&request.current_password), Password::typed(&request.new_password));
        self.app.change_password(&caller, current, new).await.map_err(status)?;
        Ok(Response::new(ChangePasswordResponse {}))
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
        let id = convert::id(&request.id).map_err(status)?;
        let token = self.app.revoke_api_token(&caller, ApiTokenId(id)).await.map_err(status)?;
        Ok(Response::new(convert::api_token(&token)))
    }

    async fn create_invitation(
        &self,
        request: Request<CreateInvitationRequest>,
    ) -> Result<Response<CreateInvitationResponse>, Status> {
        let (caller, request) = accept(request)?;
        let form = convert::invitation_form(request).map_err(status)?;
        let created = self.app.create_invitation(&caller, form).await.map_err(status)?;
        let invitation = Some(convert::invitation(&created.invitation));
        Ok(Response::new(CreateInvitationResponse { invitation, code: created.code }))
    }

    async fn list_invitations(
        &self,
        request: Request<ListInvitationsRequest>,
    ) -> Result<Response<ListInvitationsResponse>, Status> {
        let (caller, request) = accept(request)?;
        let query = convert::invitation_query(&request);
        let page = self.app.list_invitations(&caller, query).await.map_err(status)?;
        let invitations = page.invitations.iter().map(convert::invitation).collect();
        Ok(Response::new(ListInvitationsResponse { invitations, next_page_token: page.next_page_token }))
    }

    async fn revoke_invitation(
        &self,
        request: Request<RevokeInvitationRequest>,
    ) -> Result<Response<Invitation>, Status> {
        let (caller, request) = accept(request)?;
        let id = convert::id(&request.id).map_err(status)?;
        let invitation = self.app.revoke_invitation(&caller, id).await.map_err(status)?;
        Ok(Response::new(convert::invitation(&invitation)))
    }
}
