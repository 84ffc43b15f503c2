//! People who exist in a test only, and their access tokens.

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use mesh_rpc::{AUDIENCE, Claims, KeySet, TokenSigner, TokenVerifier, WorkspaceClaim};
use mesh_types::{Clock, Role, SystemClock, Timestamp, UserId, WorkspaceId, new_id};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::Interceptor,
};

/// The end of tokens that do not expire during a test: the year 2100.
const FAR_FUTURE_SECONDS: i64 = 4_102_444_800;

/// Everybody who signs access tokens, each with a key of its own.
const ISSUERS: [&str; 2] = [GATEWAY, "scheduler-svc"];

/// Who signs for people.
const GATEWAY: &str = "gateway";

/// Signs access tokens as the gateway would, or a service that acts for a person, with keys of their own.
#[derive(Clone, Debug)]
pub struct TestTokens([TokenSigner; ISSUERS.len()]);

impl TestTokens {
    /// Signers with new keys. Another one is a stranger to whoever trusts these.
    ///
    /// # Panics
    /// When the machine gives no randomness.
    #[expect(clippy::new_without_default, reason = "two of them are never alike")]
    pub fn new() -> Self {
        Self(ISSUERS.map(|issuer| TokenSigner::generate(issuer).expect("the machine gives randomness")))
    }

    /// The keys that make its tokens believed: those of everybody who signs.
    pub fn key_set(&self) -> KeySet {
        KeySet::from(self.0.iter().map(|signer| signer.public_key().clone()).collect::<Vec<_>>())
    }

    /// A verifier that believes its tokens.
    pub fn verifier(&self, clock: impl Clock) -> Arc<TokenVerifier> {
        Arc::new(TokenVerifier::new(self.key_set(), Arc::new(clock)))
    }

    /// The signer of `issuer`, such as `scheduler-svc`: for a service that signs tokens of its own.
    ///
    /// # Panics
    /// When there is no such issuer.
    pub fn signer_for(&self, issuer: &str) -> TokenSigner {
        let place = ISSUERS.iter().position(|known| *known == issuer).expect("an issuer");
        self.0[place].clone()
    }

    /// The access token of `user`: signed by the issuer that it names, or else by the gateway.
    ///
    /// # Panics
    /// When it cannot be signed.
    pub fn sign(&self, user: &TestUser) -> String {
        let issuer = ISSUERS.into_iter().find(|issuer| *issuer == user.claims.iss).unwrap_or(GATEWAY);
        self.signer_for(issuer).sign(&user.claims).expect("claims can be signed")
    }

    /// Puts the token of `user` on every call.
    pub fn bearer(&self, user: &TestUser) -> Bearer {
        Bearer::new(&self.sign(user))
    }
}

/// Somebody: a new person with a personal workspace, every scope, and a token that does not expire.
#[derive(Clone, Debug)]
pub struct TestUser {
    /// What the token will say; free to be changed.
    pub claims: Claims,
}

impl TestUser {
    /// Somebody new.
    #[expect(clippy::new_without_default, reason = "two of them are never alike")]
    pub fn new() -> Self {
        static SCOPES: LazyLock<Vec<String>> = LazyLock::new(every_scope);
        let now = SystemClock.now();
        let personal = WorkspaceId(new_id(now));
        let claims = Claims {
            iss: GATEWAY.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: UserId(new_id(now)),
            exp: FAR_FUTURE_SECONDS,
            iat: now.to_parts().0,
            jti: new_id(now).to_string(),
            ws: vec![WorkspaceClaim { id: personal, role: Role::Owner }],
            pws: personal,
            scp: SCOPES.clone(),
            tz: None,
            ds: None,
            act: None,
            tid: None,
            ca: None,
            ua: None,
        };
        Self { claims }
    }

    /// The person.
    pub fn id(&self) -> UserId {
        self.claims.sub
    }

    /// The personal workspace.
    pub fn workspace(&self) -> WorkspaceId {
        self.claims.pws
    }

    /// The same person, also a member of `workspace`.
    #[must_use]
    pub fn member_of(mut self, workspace: WorkspaceId, role: Role) -> Self {
        self.claims.ws.push(WorkspaceClaim { id: workspace, role });
        self
    }

    /// The same person with a token for these scopes only.
    #[must_use]
    pub fn with_scopes(mut self, scopes: &[&str]) -> Self {
        self.claims.scp = scopes.iter().map(|&scope| scope.to_owned()).collect();
        self
    }

    /// The same person with a token that ends at `instant`, to the second.
    #[must_use]
    pub fn expiring(mut self, instant: Timestamp) -> Self {
        self.claims.exp = instant.to_parts().0;
        self
    }

    /// The same person with `service` acting for them: the token is the service's own.
    #[must_use]
    pub fn through(mut self, service: &str) -> Self {
        self.claims.iss = service.to_owned();
        self.claims.act = Some(service.to_owned());
        self
    }

    /// The same person in this IANA zone.
    #[must_use]
    pub fn in_zone(mut self, zone: &str) -> Self {
        self.claims.tz = Some(zone.to_owned());
        self
    }

    /// The same person, whose day begins at this time, `HH:MM`.
    #[must_use]
    pub fn beginning_at(mut self, day_start: &str) -> Self {
        self.claims.ds = Some(day_start.to_owned());
        self
    }
}

/// Every scope that the contract names.
fn every_scope() -> Vec<String> {
    let scopes: BTreeSet<_> = mesh_proto::methods().iter().map(|method| method.scope.clone()).collect();
    scopes.into_iter().filter(|scope| !scope.is_empty()).collect()
}

/// Puts a token on every call of a client.
#[derive(Clone, Debug)]
pub struct Bearer(MetadataValue<Ascii>);

impl Bearer {
    /// Puts this token on, whatever it is.
    ///
    /// # Panics
    /// When a header cannot hold it.
    pub fn new(token: &str) -> Self {
        Self(format!("Bearer {token}").parse().expect("a header can hold a token"))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}
