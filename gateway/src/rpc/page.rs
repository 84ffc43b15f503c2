//! What web pages get instead of tokens: cookies, which the HTTP front sets for us.

use mesh_proto::auth::v1::{Session, SignOutResponse};
use mesh_types::{Fault, Violation};
use tonic::{Response, metadata::MetadataMap};

use super::convert;
use crate::{
    app::{OWN_PAGE_HEADER, OpenSession, REFRESH_COOKIE_HEADER, SESSION_COOKIES_HEADER, SessionCookies},
    domain::Error,
};

/// What the HTTP front saw of a page.
pub(super) struct Page {
    is_ours: bool,
    refresh_cookie: Option<String>,
}

impl Page {
    pub(super) fn of(metadata: &MetadataMap) -> Self {
        let cookie = metadata.get(REFRESH_COOKIE_HEADER).and_then(|value| value.to_str().ok());
        Self { is_ours: metadata.contains_key(OWN_PAGE_HEADER), refresh_cookie: cookie.map(str::to_owned) }
    }

    /// Checks that whoever asks for cookies may have them: another site must not be able to sign somebody in as somebody
    /// else.
    ///
    /// # Errors
    /// PERMISSION_DENIED.
    pub(super) fn check(&self, cookies: bool) -> Result<(), Fault> {
        if cookies && !self.is_ours { Err(Error::ForeignPage.into()) } else { Ok(()) }
    }

    /// The refresh token that was sent, or else that of the cookie, and whether it is the latter.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when there is neither; PERMISSION_DENIED for a cookie that came with a foreign page's call.
    pub(super) fn refresh_token(self, sent: String) -> Result<(String, bool), Fault> {
        if !sent.is_empty() {
            return Ok((sent, false));
        }
        self.check(self.refresh_cookie.is_some())?;
        let missing = || {
            let violation = Violation::new("refresh_token", "required", "send a refresh token, or the cookie with it");
            Fault::invalid(vec![violation])
        };
        Ok((self.refresh_cookie.ok_or_else(missing)?, true))
    }
}

/// The answer to somebody who got in: what is in cookies is not in the message, out of reach of the page's scripts.
///
/// # Errors
/// INTERNAL.
pub(super) fn signed_in(session: OpenSession, cookies: bool) -> Result<Response<Session>, Fault> {
    if !cookies {
        return Ok(Response::new(convert::session(session)));
    }
    let (short, long) = session.lifetimes;
    let set = SessionCookies::Set {
        access: (session.access_token.clone(), short),
        refresh: (session.refresh_token.clone(), long),
        csrf: session.csrf_token.clone(),
    };
    let csrf_token = session.csrf_token.clone();
    let message =
        Session { access_token: String::new(), refresh_token: String::new(), csrf_token, ..convert::session(session) };
    with(Response::new(message), &set)
}

/// The answer to somebody who went.
///
/// # Errors
/// INTERNAL.
pub(super) fn signed_out(cookies: bool) -> Result<Response<SignOutResponse>, Fault> {
    let answer = Response::new(SignOutResponse {});
    if cookies { with(answer, &SessionCookies::Clear) } else { Ok(answer) }
}

fn with<T>(mut answer: Response<T>, cookies: &SessionCookies) -> Result<Response<T>, Fault> {
    let told = cookies.to_text().parse().map_err(|_| Fault::internal())?;
    answer.metadata_mut().insert(SESSION_COOKIES_HEADER, told);
    Ok(answer)
}
