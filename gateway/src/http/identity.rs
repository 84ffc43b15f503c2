//! Who calls: the credential in the request, exchanged for the access token that services know.

use std::{net::IpAddr, sync::Once};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use mesh_types::{ErrorKind, Fault, Reason, UserId};

use super::{edge::Visit, table::Rpc};
use crate::app::{CLIENT_ADDRESS_HEADER, CLIENT_AGENT_HEADER, ClientHint};

/// How much of a user agent is kept.
const USER_AGENT_CHARS: usize = 200;

/// Writes who calls into `forwarded`: the access token, or for public RPCs, which take none, what we saw of the client.
/// Returns the user, if there is one.
///
/// # Errors
/// UNAUTHENTICATED without a valid credential; whatever the exchange answers.
pub(crate) async fn identify(
    visit: &Visit,
    rpc: &Rpc,
    headers: &HeaderMap,
    forwarded: &mut HeaderMap,
) -> Result<Option<UserId>, Fault> {
    let hint = hint(visit, headers);
    if rpc.method.public {
        write(forwarded, CLIENT_ADDRESS_HEADER, hint.address.as_deref());
        write(forwarded, CLIENT_AGENT_HEADER, hint.user_agent.as_deref());
        return Ok(None);
    }
    let exchanged = (visit.edge.exchange)(credential(headers)?, &hint).await?;
    forwarded.insert(header::AUTHORIZATION, exchanged.authorization);
    Ok(Some(exchanged.user))
}

fn write(headers: &mut HeaderMap, name: &'static str, value: Option<&str>) {
    if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// The credential of `authorization: Bearer …`.
fn credential(headers: &HeaderMap) -> Result<&str, Fault> {
    let fault = |reason, message| Fault::new(ErrorKind::Unauthenticated, reason, message);
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err(fault(Reason::TokenMissing, "send a token: authorization: Bearer …"));
    };
    let invalid = || fault(Reason::TokenInvalid, "the authorization header is not of the form: Bearer …");
    let (scheme, credential) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(invalid)?;
    let credential = credential.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || credential.is_empty() {
        return Err(invalid());
    }
    Ok(credential)
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

    fn headers(authorization: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_str(authorization).expect("a header"))])
    }

    #[test]
    fn the_scheme_is_told_in_any_case() {
        for text in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(credential(&headers(text)), Ok("abc"));
        }
    }

    #[test]
    fn anything_but_a_bearer_token_is_refused_with_a_reason() {
        assert_eq!(credential(&HeaderMap::new()).expect_err("none").reason, Reason::TokenMissing);
        for text in ["", "Bearer", "Bearer ", "Basic abc", "abc"] {
            assert_eq!(credential(&headers(text)).expect_err(text).reason, Reason::TokenInvalid);
        }
    }
}
