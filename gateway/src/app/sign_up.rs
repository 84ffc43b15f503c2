//! SignUp: an account with a personal workspace, and its first session.

use mesh_types::{Actor, Fault, Membership, Role, UserId, WorkspaceId, new_id};

use crate::{
    domain::{
        Account, Change, ChangedThing, ClientHint, Digest, Error, Invitation, Password, SignUpForm, SignUpPolicy, User,
        normal_email, weak_password,
    },
    store::Admission,
};

use super::{App, OpenSession, attempts::Kind};

/// What somebody who wants an account sends.
pub struct SignUp<'a> {
    /// What they say of themselves.
    pub form: SignUpForm<'a>,
    /// The password.
    pub password: Password,
    /// The code of an invitation; empty is none.
    pub invitation_code: &'a str,
    /// The W3C `traceparent` of the call.
    pub trace_parent: Option<String>,
}

impl App {
    /// Creates an account and signs in.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when sign-up is closed or the invitation no good, ALREADY_EXISTS for an address that has an account,
    /// INVALID_ARGUMENT.
    pub async fn sign_up(&self, request: SignUp<'_>, client: &ClientHint) -> Result<OpenSession, Fault> {
        let code = self.admission(request.invitation_code).await?;
        let trial = self.attempts.begin(Kind::SignUp, None, client, self.now())?;
        let outcome = self.create_account(request, code, client).await;
        self.attempts.judge(&trial, &outcome);
        outcome
    }

    /// By what somebody may sign up who has this invitation's code, or none.
    async fn admission(&self, code: &str) -> Result<Way, Fault> {
        match self.settings.sign_up {
            SignUpPolicy::Closed => Err(Error::SignUpClosed.into()),
            _ if !code.is_empty() => Ok(Way::Invited(Digest::of(code))),
            SignUpPolicy::Open => Ok(Way::Open),
            SignUpPolicy::InviteOnly if self.store.is_empty().await? => Ok(Way::First),
            SignUpPolicy::InviteOnly => Err(Error::InvitationNeeded.into()),
        }
    }

    async fn create_account(&self, request: SignUp<'_>, way: Way, client: &ClientHint) -> Result<OpenSession, Fault> {
        let now = self.now();
        let workspace = WorkspaceId(new_id(now));
        let user = User::sign_up(request.form, UserId(new_id(now)), workspace, now)?;
        if let Some(violation) = weak_password("password", &request.password, &user.email) {
            return Err(Error::Invalid(vec![violation]).into());
        }
        if let Way::Invited(code) = way {
            // Before the address, so that strangers cannot find out who has an account, and before the costly part.
            let invitation = self.store.find_invitation(code).await?.ok_or(Error::InvitationInvalid)?;
            invitation.check_usable(&user.email, now)?;
        }
        if self.store.find_account_by_email(&normal_email(&user.email)).await?.is_some() {
            return Err(Error::EmailTaken.into());
        }
        let password_hash = self.passwords.hash(request.password, client.network()).await?;
        let memberships = vec![Membership { id: workspace, role: Role::Owner }];
        let account = Account { user, password_hash, memberships };

        let (session, refresh_token) = self.begin_session(&account.user, now)?;
        let actor = actor(account.user.id, session.id, client);
        let change = |thing| Change {
            id: new_id(now),
            time: now,
            actor: actor.clone(),
            trace_parent: request.trace_parent.clone(),
            thing,
        };
        let accepted = |invitation: &Invitation| change(ChangedThing::InvitationAccepted(invitation.clone()));
        let admission = match way {
            Way::Open => Admission::Open,
            Way::First => Admission::First,
            Way::Invited(code) => Admission::Invited { code, now, change: &accepted },
        };
        let created = change(ChangedThing::UserCreated(account.user.clone()));
        self.store.create_account(&account, &admission, (&session, refresh_token.digest()), &created).await?;
        self.admit(account, &session, refresh_token, now)
    }
}

/// By what somebody signs up.
#[derive(Clone, Copy)]
enum Way {
    Open,
    First,
    Invited(Digest),
}

fn actor(user_id: UserId, session: uuid::Uuid, client: &ClientHint) -> Actor {
    let ClientHint { address, user_agent } = client.cut();
    let token_id = Some(session.to_string());
    Actor { user_id, service: None, token_id, client_address: address, user_agent }
}
