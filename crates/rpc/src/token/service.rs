//! Tokens of a service that calls another for a person.

use std::{sync::Arc, time::Duration};

use mesh_types::{Caller, Clock, Fault, Role, UserId, WorkspaceId, new_id};

use super::{AUDIENCE, Claims, TokenSigner, WorkspaceClaim};

/// How long such a token is good for: one call, with some room for clocks that differ.
const LIFETIME: Duration = Duration::from_secs(60);

/// What such a token may be used for, besides the RPCs that the table of issuers names.
const SCOPES: [&str; 2] = ["tasks.read", "tasks.write"];

/// Signs the tokens by which a service calls another for a person. They name both: the person as the one it is done
/// for, the service as the one who does it. Cheap to clone.
#[derive(Clone)]
pub struct ServiceTokens {
    signer: TokenSigner,
    service: &'static str,
    clock: Arc<dyn Clock>,
}

impl ServiceTokens {
    /// The tokens of `service`, such as `scheduler-svc`, signed by its own key: `signer` is of the same name.
    pub fn new(signer: TokenSigner, service: &'static str, clock: Arc<dyn Clock>) -> Self {
        Self { signer, service, clock }
    }

    /// A token for a call that is part of one of the caller's: with their workspaces and roles.
    ///
    /// # Errors
    /// INTERNAL when it cannot be signed.
    pub fn for_caller(&self, caller: &Caller) -> Result<String, Fault> {
        let memberships = caller.memberships.iter();
        let claims = Claims {
            ws: memberships.map(|membership| WorkspaceClaim { id: membership.id, role: membership.role }).collect(),
            tz: caller.time_zone.clone(),
            ds: caller.day_start.clone(),
            tid: caller.actor.token_id.clone(),
            ..self.claims(caller.actor.user_id, caller.personal_workspace)
        };
        self.sign(&claims)
    }

    /// A token for a call that nobody waits for, in the name of this member of one workspace.
    ///
    /// # Errors
    /// INTERNAL when it cannot be signed.
    pub fn for_member(&self, user: UserId, workspace: WorkspaceId, role: Role) -> Result<String, Fault> {
        let ws = vec![WorkspaceClaim { id: workspace, role }];
        self.sign(&Claims { ws, ..self.claims(user, workspace) })
    }

    fn claims(&self, sub: UserId, pws: WorkspaceId) -> Claims {
        let now = self.clock.now();
        Claims {
            iss: self.service.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub,
            exp: now.plus(LIFETIME).to_parts().0,
            iat: now.to_parts().0,
            jti: new_id(now).to_string(),
            ws: Vec::new(),
            pws,
            scp: SCOPES.map(str::to_owned).into(),
            tz: None,
            ds: None,
            act: Some(self.service.to_owned()),
            tid: None,
            ca: None,
            ua: None,
        }
    }

    fn sign(&self, claims: &Claims) -> Result<String, Fault> {
        self.signer.sign(claims).map_err(|error| {
            tracing::error!(error.detail = %error, "service token not signed");
            Fault::internal()
        })
    }
}

impl std::fmt::Debug for ServiceTokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ServiceTokens").field("service", &self.service).finish_non_exhaustive()
    }
}
