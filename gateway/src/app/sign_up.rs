//! SignUp: an account with a personal workspace, and its first session.

use mesh_types::{Actor, Fault, Membership, Role, UserId, WorkspaceId, new_id};

use crate::domain::{Account, Change, ChangedThing, ClientHint, Error, Password, SignUpForm, User, normal_email};

use super::{App, OpenSession};

/// What somebody who wants an account sends.
pub struct SignUp<'a> {
    /// What they say of themselves.
    pub form: SignUpForm<'a>,
    /// The password.
    pub password: Password,
    /// The W3C `traceparent` of the call.
    pub trace_parent: Option<String>,
}

impl App {
    /// Creates an account and signs in.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when sign-up is closed, ALREADY_EXISTS for an address that has an account,
    /// INVALID_ARGUMENT.
    pub async fn sign_up(&self, request: SignUp<'_>, client: &ClientHint) -> Result<OpenSession, Fault> {
        if !self.settings.sign_up_open {
            return Err(Error::SignUpClosed.into());
        }
        let now = self.now();
        let workspace = WorkspaceId(new_id(now));
        let user = User::sign_up(request.form, UserId(new_id(now)), workspace, now)?;
        if self.store.find_account_by_email(&normal_email(&user.email)).await?.is_some() {
            return Err(Error::EmailTaken.into());
        }
        let password_hash = self.passwords.hash(request.password).await?;
        let memberships = vec![Membership { id: workspace, role: Role::Owner }];
        let account = Account { user, password_hash, memberships };

        let (session, refresh_token) = self.begin_session(&account.user, now)?;
        let change = Change {
            id: new_id(now),
            time: now,
            actor: actor(account.user.id, session.id, client),
            trace_parent: request.trace_parent,
            thing: ChangedThing::UserCreated(account.user.clone()),
        };
        self.store.create_account(&account, &session, refresh_token.digest(), &change).await?;
        self.admit(account, &session, refresh_token, now)
    }
}

fn actor(user_id: UserId, session: uuid::Uuid, client: &ClientHint) -> Actor {
    let ClientHint { address, user_agent } = client.cut();
    let token_id = Some(session.to_string());
    Actor { user_id, service: None, token_id, client_address: address, user_agent }
}
