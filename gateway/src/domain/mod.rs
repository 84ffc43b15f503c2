//! What is true of accounts, sessions and tokens: pure and synchronous.

mod account;
mod api_token;
mod change;
mod client;
mod error;
mod external_identity;
mod grant;
mod invitation;
mod limit;
mod scope;
mod secret;
mod session;
mod sign_up_policy;
mod user_edit;

pub use account::{Account, SignUpForm, User};
pub(crate) use account::{normal_email, weak_password};
pub use api_token::{ApiToken, ApiTokenForm};
pub use change::{Change, ChangedThing};
pub use client::{ClientHint, network};
pub use error::Error;
pub use external_identity::ExternalIdentity;
pub use grant::Grant;
pub use invitation::{Invitation, InvitationForm};
pub use limit::Limit;
pub use scope::Scope;
pub use secret::{API_TOKEN_PREFIX, Digest, Password, Token};
pub use session::Session;
pub use sign_up_policy::SignUpPolicy;
pub use user_edit::UserEdit;
