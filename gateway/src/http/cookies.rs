//! Sessions of web pages in cookies: out of reach of scripts (`HttpOnly`), never sent over a wire that others read
//! (`Secure`), nor with calls of other sites (`SameSite=Strict`), nor set by a neighbouring host (`__Host-`).
//!
//! `Secure` cookies also work on `http://127.0.0.1` and `http://localhost` in Chromium and Firefox, which trust the machine
//! itself. For plain HTTP in a network there is a setting, which takes `Secure` and the prefix away.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

use super::table::Rpc;
use crate::app::{SESSION_COOKIES_HEADER, SessionCookies};

/// The service that may set cookies.
const AUTH_SERVICE: &str = "/taskmesh.auth.v1.AuthService/";

/// How cookies are named and set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cookies {
    pub(crate) insecure: bool,
}

/// A cookie of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    Access,
    Refresh,
    /// The one that scripts can read.
    Csrf,
}

impl Cookies {
    /// The value of a cookie that the client sent.
    pub(crate) fn find(self, headers: &HeaderMap, cookie: Cookie) -> Option<&str> {
        let name = self.name(cookie);
        let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// Does as AuthService says in its answer, and removes what it said: no client sees it. What other services say there
    /// counts for nothing.
    pub(crate) fn settle(self, rpc: &Rpc, headers: &mut HeaderMap) {
        let Some(told) = headers.remove(SESSION_COOKIES_HEADER) else { return };
        if !rpc.method.path.starts_with(AUTH_SERVICE) {
            return;
        }
        match told.to_str().ok().and_then(SessionCookies::parse) {
            Some(SessionCookies::Set { access, refresh, csrf }) => {
                self.set(headers, Cookie::Access, &access.0, access.1);
                self.set(headers, Cookie::Csrf, &csrf, refresh.1);
                self.set(headers, Cookie::Refresh, &refresh.0, refresh.1);
            }
            Some(SessionCookies::Clear) => {
                for cookie in [Cookie::Access, Cookie::Csrf, Cookie::Refresh] {
                    self.set(headers, cookie, "", Duration::ZERO);
                }
            }
            None => tracing::error!("accounts asked for cookies that cannot be read"),
        }
    }

    fn name(self, cookie: Cookie) -> &'static str {
        match (cookie, self.insecure) {
            (Cookie::Access, false) => "__Host-taskmesh-access",
            (Cookie::Refresh, false) => "__Host-taskmesh-refresh",
            (Cookie::Csrf, false) => "__Host-taskmesh-csrf",
            (Cookie::Access, true) => "taskmesh-access",
            (Cookie::Refresh, true) => "taskmesh-refresh",
            (Cookie::Csrf, true) => "taskmesh-csrf",
        }
    }

    fn set(self, headers: &mut HeaderMap, cookie: Cookie, value: &str, life: Duration) {
        let secure = if self.insecure { "" } else { "; Secure" };
        let hidden = if cookie == Cookie::Csrf { "" } else { "; HttpOnly" };
        let (name, life) = (self.name(cookie), life.as_secs());
        let text = format!("{name}={value}; Path=/; Max-Age={life}; SameSite=Strict{secure}{hidden}");
        if let Ok(mut value) = HeaderValue::try_from(text) {
            value.set_sensitive(true);
            headers.append(header::SET_COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        HeaderMap::from_iter(values.iter().map(|value| (header::COOKIE, HeaderValue::from_static(value))))
    }

    #[test]
    fn a_cookie_is_found_among_others_in_one_header_or_several() {
        let cookies = Cookies { insecure: false };
        for values in
            [["a=b; __Host-taskmesh-access=x.y=; c=d", ""].as_slice(), &["a=b", "__Host-taskmesh-access=x.y="]]
        {
            assert_eq!(cookies.find(&headers(values), Cookie::Access), Some("x.y="));
        }
        let none = ["taskmesh-access=x; x__Host-taskmesh-access=y; __Host-taskmesh-access="];
        assert_eq!(cookies.find(&headers(&none), Cookie::Access), None);
    }
}
