//! Who calls: the credential in the request, exchanged for the access token that services know.

use std::{net::IpAddr, sync::Once};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use mesh_types::{ErrorKind, Fault, Reason, UserId};

use super::{
    cookies::{Cookie, Cookies},
    csrf,
    edge::Visit,
    table::Rpc,
};
use crate::app::{
    CLIENT_ADDRESS_HEADER, CLIENT_AGENT_HEADER, ClientHint, OWN_PAGE_HEADER, OpenStream, REFRESH_COOKIE_HEADER,
};

/// How much of a user agent is kept.
const USER_AGENT_CHARS: usize = 200;

/// Who calls.
pub(crate) struct Identified {
    pub(crate) user: UserId,
    /// What notes that their stream is open, if it is one.
    pub(crate) opened: Option<OpenStream>,
}

/// Writes who calls into `forwarded`: the access token, or for public RPCs, which take none, what we saw of the client.
/// Returns the user, if there is one; for a stream, notes that it is open.
///
/// # Errors
/// UNAUTHENTICATED without a valid credential; PERMISSION_DENIED for a cookie that came from elsewhere; whatever the
/// exchange answers.
pub(crate) async fn identify(
    visit: &Visit,
    rpc: &Rpc,
    headers: &HeaderMap,
    forwarded: &mut HeaderMap,
) -> Result<Option<Identified>, Fault> {
    let hint = hint(visit, headers);
    if rpc.method.public {
        write(forwarded, CLIENT_ADDRESS_HEADER, hint.address.as_deref());
        write(forwarded, CLIENT_AGENT_HEADER, hint.user_agent.as_deref());
        // Whoever is public decides what a cookie is worth.
        write(forwarded, REFRESH_COOKIE_HEADER, visit.edge.cookies().find(headers, Cookie::Refresh));
        let own_page = csrf::is_own_page(&visit.edge.settings.allowed_origins, headers);
        write(forwarded, OWN_PAGE_HEADER, own_page.then_some("1"));
        return Ok(None);
    }
    let (credential, is_cookie) = credential(headers, visit.edge.cookies())?;
    let exchanged = (visit.edge.exchange)(credential, &hint).await?;
    if is_cookie && !visit.safe {
        csrf::check(&visit.edge, headers, exchanged.credential)?;
    }
    forwarded.insert(header::AUTHORIZATION, exchanged.authorization);
    let opened = rpc.is_stream().then(|| visit.edge.streams.open(exchanged.credential));
    Ok(Some(Identified { user: exchanged.user, opened }))
}

fn write(headers: &mut HeaderMap, name: &'static str, value: Option<&str>) {
    if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// The credential of `authorization: Bearer …`, or else of a cookie, and whether it is the latter.
fn credential(headers: &HeaderMap, cookies: Cookies) -> Result<(&str, bool), Fault> {
    let fault = |reason, message| Fault::new(ErrorKind::Unauthenticated, reason, message);
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        let missing = || fault(Reason::TokenMissing, "send a token: authorization: Bearer …");
        return cookies.find(headers, Cookie::Access).map(|cookie| (cookie, true)).ok_or_else(missing);
    };
    let invalid = || fault(Reason::TokenInvalid, "the authorization header is not of the form: Bearer …");
    let (scheme, credential) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(invalid)?;
    let credential = credential.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || credential.is_empty() {
        return Err(invalid());
    }
    Ok((credential, false))
}

fn hint(visit: &Visit, headers: &HeaderMap) -> ClientHint {
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    ClientHint {
        address: Some(visit.client.to_string()),
        user_agent: user_agent.map(|text| text.chars().take(USER_AGENT_CHARS).collect()),
    }
}

/// The client's address: the peer's, or what the outermost of so many trusted proxies says.
pub(super) fn address(peer: IpAddr, trusted_proxies: usize, headers: &HeaderMap) -> IpAddr {
    static TOLD: Once = Once::new();
    let Some(back) = trusted_proxies.checked_sub(1) else {
        if headers.contains_key("x-forwarded-for") {
            TOLD.call_once(|| tracing::warn!("x-forwarded-for is not believed, as http.trusted_proxies is 0"));
        }
        return peer.to_canonical();
    };
    let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    let told = hops.len().checked_sub(back + 1).and_then(|index| hops[index].parse::<IpAddr>().ok());
    told.unwrap_or(peer).to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIES: Cookies = Cookies { insecure: false };

    fn headers(authorization: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_str(authorization).expect("a header"))])
    }

    #[test]
    fn the_scheme_is_told_in_any_case() {
        for text in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(credential(&headers(text), COOKIES), Ok(("abc", false)));
        }
    }

    #[test]
    fn anything_but_a_bearer_token_is_refused_with_a_reason() {
        assert_eq!(credential(&HeaderMap::new(), COOKIES).expect_err("none").reason, Reason::TokenMissing);
        for text in ["", "Bearer", "Bearer ", "Basic abc", "abc"] {
            assert_eq!(credential(&headers(text), COOKIES).expect_err(text).reason, Reason::TokenInvalid);
        }
    }
}
