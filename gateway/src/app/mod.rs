//! What can be done with accounts and tokens: one use case per file, each a method of [`App`].

mod attempts;
mod change_password;
mod create_api_token;
mod create_invitation;
mod exchange;
mod exchange_cache;
mod external_sign_in;
mod get_me;
mod list_api_tokens;
mod list_invitations;
mod open_session;
mod open_streams;
mod password_queue;
mod passwords;
mod refresh_token;
mod revoke_api_token;
mod revoke_invitation;
mod session_cookies;
mod sign_in;
mod sign_out;
mod sign_out_everywhere;
mod sign_up;
mod throttle;
mod update_me;

use std::{sync::Arc, time::Duration};

use mesh_types::{Caller, Clock, Fault, Timestamp, UserId, new_id};
use tokio::sync::watch;
use uuid::Uuid;

pub use crate::domain::ClientHint;
pub use create_api_token::NewApiToken;
pub use create_invitation::NewInvitation;
pub use exchange::{Exchange, ExchangeSettings, Exchanged};
pub use external_sign_in::ExternalSignIn;
pub use list_api_tokens::{ApiTokenPage, ApiTokenQuery};
pub use list_invitations::{InvitationPage, InvitationQuery};
pub use open_session::OpenSession;
pub use open_streams::{OpenStream, OpenStreams};
pub use passwords::{PasswordCost, Passwords};
pub use session_cookies::SessionCookies;
pub use sign_up::SignUp;
pub use update_me::UpdateMe;

use attempts::Attempts;

use crate::{
    domain::{Change, ChangedThing, Limit, SignUpPolicy},
    keys::Keys,
    store::Store,
};

/// The header in which the HTTP front tells AuthService the client's address; it strips what clients send under it.
pub const CLIENT_ADDRESS_HEADER: &str = "x-taskmesh-client-address";

/// The header in which the HTTP front tells AuthService what the client called itself.
pub const CLIENT_AGENT_HEADER: &str = "x-taskmesh-client-agent";

/// The header in which the HTTP front tells AuthService the refresh token of the client's cookie.
pub const REFRESH_COOKIE_HEADER: &str = "x-taskmesh-refresh-cookie";

/// The header in which the HTTP front tells AuthService that a page of its own, or of an allowed origin, calls.
pub const OWN_PAGE_HEADER: &str = "x-taskmesh-own-page";

/// The header in which AuthService tells the HTTP front which cookies to set; it never leaves the house.
pub const SESSION_COOKIES_HEADER: &str = "x-taskmesh-session-cookies";

/// What an operator decides about accounts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who may sign up.
    pub sign_up: SignUpPolicy,
    /// For how long a session lives on without being used.
    pub session_lifetime: Duration,
    /// For how long an access token of a session lives.
    pub access_lifetime: Duration,
    /// How often one network may fail to sign in to one account.
    pub sign_in_limit: Limit,
    /// How often one network may fail to sign in at all; also to sign up, and to refresh.
    pub network_limit: Limit,
    /// What a password's hash costs.
    pub password_cost: PasswordCost,
}

/// The use cases and what they share.
pub struct App {
    store: Store,
    keys: Keys,
    clock: Arc<dyn Clock>,
    settings: Settings,
    passwords: Passwords,
    attempts: Attempts,
    exchange: Exchange,
    revocations: watch::Sender<u64>,
}

impl App {
    /// The use cases on these parts.
    ///
    /// # Errors
    /// When the settings ask for a password hash that cannot be.
    pub fn new(
        store: Store,
        keys: Keys,
        exchange: Exchange,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self, argon2::Error> {
        let passwords = Passwords::new(settings.password_cost)?;
        let attempts = Attempts::new(settings.sign_in_limit, settings.network_limit);
        let revocations = watch::Sender::new(0);
        Ok(Self { store, keys, clock, settings, passwords, attempts, exchange, revocations })
    }

    /// Counts the sessions and API tokens that were ended in this process, so that the others can be told.
    pub fn revocations(&self) -> watch::Receiver<u64> {
        self.revocations.subscribe()
    }

    /// A session or API token was ended: it ends here at once.
    fn ended(&self, credential: Uuid) {
        self.exchange.forget(credential);
        self.tell_ended();
    }

    /// Sessions of somebody were ended, who knows which: all that is known of them here is looked at again.
    fn ended_some(&self, user: UserId) {
        self.exchange.recheck(user);
        self.tell_ended();
    }

    fn tell_ended(&self) {
        self.revocations.send_modify(|count| *count += 1);
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// A change that the caller makes.
fn change(caller: &Caller, now: Timestamp, thing: ChangedThing) -> Change {
    let (actor, trace_parent) = (caller.actor.clone(), caller.trace_parent.clone());
    Change { id: new_id(now), time: now, actor, trace_parent, thing }
}

/// The client behind a caller, as far as the access token tells it.
fn client_of(caller: &Caller) -> ClientHint {
    ClientHint { address: caller.actor.client_address.clone(), user_agent: caller.actor.user_agent.clone() }
}

/// 256 bits that nobody can guess.
fn random() -> Result<[u8; 32], Fault> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(error = %error, "no randomness");
        Fault::internal()
    })?;
    Ok(bytes)
}
