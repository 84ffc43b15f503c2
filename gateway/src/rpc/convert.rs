//! Messages to the domain's words and back.

use mesh_proto::auth::v1::{
    ApiToken, CreateApiTokenRequest, CreateInvitationRequest, GetMeResponse, Invitation, ListApiTokensRequest,
    ListInvitationsRequest, Session, SignUpRequest, UpdateMeRequest, User, WorkspaceMembership, WorkspaceRole,
};
use mesh_rpc::CallContext;
use mesh_types::{Fault, PageSize, Role, Timestamp, Violation};
use tonic::{Request, metadata::MetadataMap};
use uuid::Uuid;

use crate::{
    app::{ApiTokenQuery, CLIENT_ADDRESS_HEADER, CLIENT_AGENT_HEADER, InvitationQuery, OpenSession, SignUp, UpdateMe},
    domain::{self, Account, ApiTokenForm, ClientHint, Error, InvitationForm, Password, SignUpForm, UserEdit},
};

/// What the HTTP front saw of the client.
pub(super) fn client_hint(metadata: &MetadataMap) -> ClientHint {
    let text = |name| metadata.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    ClientHint { address: text(CLIENT_ADDRESS_HEADER), user_agent: text(CLIENT_AGENT_HEADER) }
}

/// Where the call stands in a trace.
pub(super) fn trace_parent<T>(request: &Request<T>) -> Option<String> {
    request.extensions().get::<CallContext>().map(|context| context.trace_parent.to_string())
}

pub(super) fn sign_up(request: &SignUpRequest, trace_parent: Option<String>) -> SignUp<'_> {
    let SignUpRequest { email, password, display_name, time_zone, invitation_code, .. } = request;
    let (form, password) = (SignUpForm { email, display_name, time_zone }, Password::typed(password));
    SignUp { form, password, invitation_code, trace_parent }
}

pub(super) fn api_token_form(request: CreateApiTokenRequest) -> Result<ApiTokenForm, Fault> {
    let token = request.token.unwrap_or_default();
    let expire_time = match token.expire_time {
        Some(time) => Some(instant("token.expire_time", time)?),
        None => None,
    };
    Ok(ApiTokenForm { name: token.name.unwrap_or_default(), scopes: token.scopes, expire_time })
}

pub(super) fn api_token_query(request: &ListApiTokensRequest) -> ApiTokenQuery<'_> {
    ApiTokenQuery {
        page_size: PageSize::from_request(request.page_size),
        page_token: &request.page_token,
        show_revoked: request.show_revoked,
    }
}

pub(super) fn id(text: &str) -> Result<Uuid, Fault> {
    text.parse().map_err(|_| Fault::invalid(vec![Violation::new("id", "string.uuid", "must be a UUID")]))
}

pub(super) fn invitation_form(request: CreateInvitationRequest) -> Result<InvitationForm, Fault> {
    let invitation = request.invitation.unwrap_or_default();
    let expire_time = match invitation.expire_time {
        Some(time) => Some(instant("invitation.expire_time", time)?),
        None => None,
    };
    Ok(InvitationForm { email: invitation.email, expire_time })
}

pub(super) fn invitation_query(request: &ListInvitationsRequest) -> InvitationQuery<'_> {
    InvitationQuery {
        page_size: PageSize::from_request(request.page_size),
        page_token: &request.page_token,
        show_closed: request.show_closed,
    }
}

/// What an UpdateMe changes: the fields that its mask names (a named one that is absent is cleared), or, without a mask,
/// those that are present.
pub(super) fn update_me(request: UpdateMeRequest) -> Result<UpdateMe, Fault> {
    let user = request.user.unwrap_or_default();
    let etag = Some(user.etag).filter(|etag| !etag.is_empty());
    let paths = request.update_mask.map(|mask| mask.paths).unwrap_or_default();
    if paths.is_empty() {
        let name = user.display_name.map(UserEdit::DisplayName);
        let zone = user.time_zone.map(UserEdit::TimeZone);
        let edits = name.into_iter().chain(zone).chain(user.day_start.map(UserEdit::DayStart)).collect();
        return Ok(UpdateMe { edits, etag });
    }
    let (mut edits, mut refused) = (Vec::new(), Vec::new());
    for (index, path) in paths.iter().enumerate() {
        match path.as_str() {
            "display_name" => edits.push(UserEdit::DisplayName(user.display_name.clone().unwrap_or_default())),
            "time_zone" => edits.push(UserEdit::TimeZone(user.time_zone.clone().unwrap_or_default())),
            "day_start" => edits.push(UserEdit::DayStart(user.day_start.clone().unwrap_or_default())),
            // Compared, not written.
            "etag" => {}
            path => refused.push(Violation::new(
                format!("update_mask.paths[{index}]"),
                "field_mask.writable",
                format!("{path:?} cannot be written; display_name, time_zone and day_start can"),
            )),
        }
    }
    if refused.is_empty() { Ok(UpdateMe { edits, etag }) } else { Err(Error::MaskInvalid(refused).into()) }
}

pub(super) fn session(session: OpenSession) -> Session {
    Session {
        access_token: session.access_token,
        refresh_token: session.refresh_token,
        expire_time: Some(timestamp(session.expire_time)),
        user: Some(user(&session.user)),
        csrf_token: String::new(),
    }
}

pub(super) fn me(account: &Account) -> GetMeResponse {
    let personal = account.user.personal_workspace;
    let workspaces = account.memberships.iter().map(|member| WorkspaceMembership {
        workspace_id: member.id.to_string(),
        role: role(member.role).into(),
        personal: member.id == personal,
    });
    GetMeResponse { user: Some(user(&account.user)), workspaces: workspaces.collect() }
}

/// A user as the contract shows one.
pub fn user(user: &domain::User) -> User {
    User {
        id: user.id.to_string(),
        email: user.email.clone(),
        display_name: Some(user.display_name.clone()),
        time_zone: user.time_zone.clone(),
        day_start: user.day_start.clone(),
        personal_workspace_id: user.personal_workspace.to_string(),
        create_time: Some(timestamp(user.create_time)),
        update_time: Some(timestamp(user.update_time)),
        version: user.version,
        etag: user.etag(),
    }
}

/// An API token as the contract shows one.
pub fn api_token(token: &domain::ApiToken) -> ApiToken {
    ApiToken {
        id: token.id.to_string(),
        name: Some(token.name.clone()),
        scopes: token.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        expire_time: token.expire_time.map(timestamp),
        create_time: Some(timestamp(token.create_time)),
        last_used_time: token.last_used_time.map(timestamp),
        revoke_time: token.revoke_time.map(timestamp),
        hint: token.hint.clone(),
        version: token.version,
    }
}

/// An invitation as the contract shows one.
pub fn invitation(invitation: &domain::Invitation) -> Invitation {
    Invitation {
        id: invitation.id.to_string(),
        email: invitation.email.clone(),
        expire_time: Some(timestamp(invitation.expire_time)),
        create_time: Some(timestamp(invitation.create_time)),
        accept_time: invitation.accept_time.map(timestamp),
        revoke_time: invitation.revoke_time.map(timestamp),
        hint: invitation.hint.clone(),
        version: invitation.version,
    }
}

fn role(role: Role) -> WorkspaceRole {
    match role {
        Role::Viewer => WorkspaceRole::Viewer,
        Role::Editor => WorkspaceRole::Editor,
        Role::Owner => WorkspaceRole::Owner,
    }
}

fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = time.to_parts();
    prost_types::Timestamp { seconds, nanos }
}

fn instant(field: &'static str, time: prost_types::Timestamp) -> Result<Timestamp, Fault> {
    // What ProtoJSON and the databases can both hold: the years 1 to 9999.
    let known = (-62_135_596_800..=253_402_300_799).contains(&time.seconds) && (0..1_000_000_000).contains(&time.nanos);
    let instant = known.then(|| Timestamp::from_parts(time.seconds, time.nanos)).flatten();
    instant.ok_or_else(|| Fault::invalid(vec![Violation::new(field, "timestamp", "must be an instant of our era")]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_that_the_contract_names_can_be_granted() {
        for method in mesh_proto::methods().iter().filter(|method| !method.public) {
            assert!(method.scope.parse::<domain::Scope>().is_ok(), "{} needs {}", method.path, method.scope);
        }
    }

    #[test]
    fn instants_that_no_client_could_read_are_refused() {
        for (seconds, nanos) in [(i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, 1_000_000_000), (253_402_300_800, 0)] {
            assert!(instant("expire_time", prost_types::Timestamp { seconds, nanos }).is_err());
        }
    }
}
