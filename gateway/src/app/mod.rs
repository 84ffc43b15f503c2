//! What can be done with accounts and tokens: one use case per file, each a method of [`App`].

mod create_api_token;
mod exchange;
mod exchange_cache;
mod get_me;
mod list_api_tokens;
mod open_session;
mod passwords;
mod refresh_token;
mod revoke_api_token;
mod sign_in;
mod sign_up;
mod throttle;

use std::{sync::Arc, time::Duration};

use mesh_types::{Clock, Fault, Timestamp};
use tokio::sync::watch;

pub use crate::domain::ClientHint;
pub use create_api_token::NewApiToken;
pub use exchange::{Exchange, ExchangeSettings, Exchanged};
pub use list_api_tokens::{ApiTokenPage, ApiTokenQuery};
pub use open_session::OpenSession;
pub use passwords::{PasswordCost, Passwords};
pub use sign_up::SignUp;
pub use throttle::Throttle;

use crate::{domain::Limit, keys::Keys, store::Store};

/// The header in which the HTTP front tells AuthService the client's address; it strips what clients send under it.
pub const CLIENT_ADDRESS_HEADER: &str = "x-taskmesh-client-address";

/// The header in which the HTTP front tells AuthService what the client called itself.
pub const CLIENT_AGENT_HEADER: &str = "x-taskmesh-client-agent";

/// What an operator decides about accounts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether strangers may sign up.
    pub sign_up_open: bool,
    /// For how long a session lives on without being used.
    pub session_lifetime: Duration,
    /// For how long an access token of a session lives.
    pub access_lifetime: Duration,
    /// How often one address may try to sign in to one account.
    pub sign_in_limit: Limit,
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
    attempts: Throttle,
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
        let attempts = Throttle::new(settings.sign_in_limit);
        let revocations = watch::Sender::new(0);
        Ok(Self { store, keys, clock, settings, passwords, attempts, exchange, revocations })
    }

    /// Counts the API tokens that were revoked in this process, so that the others can be told.
    pub fn revocations(&self) -> watch::Receiver<u64> {
        self.revocations.subscribe()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
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
