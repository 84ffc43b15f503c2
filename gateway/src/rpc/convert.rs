//! Messages to the domain's words and back.

use mesh_proto::auth::v1::{
    ApiToken, CreateApiTokenRequest, GetMeResponse, ListApiTokensRequest, Session, SignUpRequest, User,
    WorkspaceMembership, WorkspaceRole,
};
use mesh_rpc::CallContext;
use mesh_types::{ApiTokenId, Fault, PageSize, Role, Timestamp, Violation};
use tonic::{Request, metadata::MetadataMap};

use crate::{
    app::{ApiTokenQuery, CLIENT_ADDRESS_HEADER, CLIENT_AGENT_HEADER, OpenSession, SignUp},
    domain::{self, Account, ApiTokenForm, ClientHint, Password, SignUpForm},
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
    let SignUpRequest { email, password, display_name, time_zone } = request;
    SignUp { form: SignUpForm { email, display_name, time_zone }, password: Password(password.clone()), trace_parent }
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

pub(super) fn api_token_id(text: &str) -> Result<ApiTokenId, Fault> {
    text.parse().map_err(|_| Fault::invalid(vec![Violation::new("id", "string.uuid", "must be a UUID")]))
}

pub(super) fn session(session: OpenSession) -> Session {
    Session {
        access_token: session.access_token,
        refresh_token: session.refresh_token,
        expire_time: Some(timestamp(session.expire_time)),
        user: Some(user(&session.user)),
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
