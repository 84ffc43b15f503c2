//! Somebody with an account.

use anyhow::{Context, Result};
use mesh_types::{Clock, SystemClock, new_id};

use crate::Client;

/// Somebody with an account, a session and an API token.
#[derive(Clone, Debug)]
pub struct Person {
    /// The address they sign in with; nobody else's.
    pub email: String,
    /// Their password.
    pub password: String,
    /// Their id.
    pub user_id: String,
    /// Their personal workspace.
    pub workspace_id: String,
    /// The access token of the session they signed up with.
    pub access_token: String,
    /// The refresh token of that session.
    pub refresh_token: String,
    /// The secret of an API token for everything that tasks need.
    pub api_token: String,
    /// That API token's id.
    pub api_token_id: String,
}

impl Person {
    /// An address that nobody has yet.
    pub fn new_email(name: &str) -> String {
        format!("{name}-{}@example.com", new_id(SystemClock.now()))
    }

    /// Signs somebody new up by `client`'s face and makes an API token for them.
    ///
    /// # Errors
    /// What the gateway refused.
    pub async fn sign_up(client: &Client, name: &str) -> Result<Self> {
        let email = Self::new_email(name);
        let password = "correct horse battery staple".to_owned();
        let session = client.sign_up(&email, &password).await.context("signing up")?;
        let user = session.user.context("a session is somebody's")?;
        let made = client.with_token(&session.access_token).create_api_token("e2e").await;
        let made = made.context("making an API token")?;
        Ok(Self {
            email,
            password,
            user_id: user.id,
            workspace_id: user.personal_workspace_id,
            access_token: session.access_token,
            refresh_token: session.refresh_token,
            api_token: made.secret,
            api_token_id: made.token.context("a token comes with its secret")?.id,
        })
    }
}
