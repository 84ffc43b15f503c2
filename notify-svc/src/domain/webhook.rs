//! Where a webhook goes: a URL that may be called from inside the operator's network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::AddressGuard;

/// The URL of a webhook, kept as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl {
    text: String,
    url: Url,
}

/// Why a URL cannot be that of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookUrlError {
    /// It cannot be understood.
    #[error("must be an https URL")]
    NotAUrl,
    /// It is neither http nor https.
    #[error("must be an https URL, no other scheme")]
    SchemeRefused,
    /// It is http, and not into a network that the operator named.
    #[error("must be an https URL; http is allowed into networks only that the operator has named")]
    PlainHttp,
    /// It names a user.
    #[error("must not hold a user name or a password")]
    HoldsCredentials,
    /// It leads to an address that is not public.
    #[error("must not lead into a private network or to this machine")]
    AddressRefused,
}

impl WebhookUrlError {
    /// The rule that is broken, as violations name it.
    pub fn rule(self) -> &'static str {
        match self {
            Self::NotAUrl => "string.uri",
            Self::SchemeRefused | Self::PlainHttp => "webhook_url.https",
            Self::HoldsCredentials => "webhook_url.no_credentials",
            Self::AddressRefused => "webhook_url.public_address",
        }
    }
}

/// What is on the other side of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination<'a> {
    /// This address.
    Address(IpAddr),
    /// What this name resolves to.
    Name(&'a str),
}

impl WebhookUrl {
    /// The URL `text`.
    ///
    /// # Errors
    /// When it is none, or not one of https or http without credentials.
    pub fn new(text: String) -> Result<Self, WebhookUrlError> {
        // Parsers drop these without a word, so that what was checked would not be what was sent.
        if text.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
            return Err(WebhookUrlError::NotAUrl);
        }
        let url = Url::parse(&text).map_err(|_| WebhookUrlError::NotAUrl)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(WebhookUrlError::SchemeRefused);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebhookUrlError::HoldsCredentials);
        }
        if !url.has_host() {
            return Err(WebhookUrlError::NotAUrl);
        }
        Ok(Self { text, url })
    }

    /// A URL that was accepted before and kept since; `None` if it makes no sense.
    pub fn kept(text: String) -> Option<Self> {
        let url = Url::parse(&text).ok().filter(Url::has_host)?;
        Some(Self { text, url })
    }

    /// Checks where it leads, as far as that can be judged without asking what a name resolves to: that is asked at each
    /// attempt.
    ///
    /// # Errors
    /// When that is not allowed, or not without TLS.
    pub fn check(&self, guard: &AddressGuard) -> Result<(), WebhookUrlError> {
        match self.destination().ok_or(WebhookUrlError::NotAUrl)? {
            Destination::Address(address) => self.check_address(address, guard),
            Destination::Name(name) if is_local(name) => {
                let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
                let named = loopback.into_iter().any(|address| guard.names(address));
                if named { Ok(()) } else { Err(WebhookUrlError::AddressRefused) }
            }
            Destination::Name(_) if self.is_https() || guard.names_networks() => Ok(()),
            Destination::Name(_) => Err(WebhookUrlError::PlainHttp),
        }
    }

    /// Checks an address that this URL leads to.
    ///
    /// # Errors
    /// When it is not allowed, or not without TLS.
    pub fn check_address(&self, address: IpAddr, guard: &AddressGuard) -> Result<(), WebhookUrlError> {
        if !guard.allows(address) {
            return Err(WebhookUrlError::AddressRefused);
        }
        if !self.is_https() && !guard.names(address) {
            return Err(WebhookUrlError::PlainHttp);
        }
        Ok(())
    }

    /// The text as it was sent.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is called through TLS.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// What it leads to; `None` does not happen to what was accepted.
    pub fn destination(&self) -> Option<Destination<'_>> {
        Some(match self.url.host()? {
            Host::Domain(name) => Destination::Name(name),
            Host::Ipv4(address) => Destination::Address(address.into()),
            Host::Ipv6(address) => Destination::Address(address.into()),
        })
    }

    /// The host as URLs write it, without a port: what requests at the same time are counted by.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The host, and the port where it is not the usual one: the `host` header.
    pub fn authority(&self) -> &str {
        let authority = self.url.authority();
        authority.rsplit_once('@').map_or(authority, |(_, host)| host)
    }

    /// Where to connect to.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(443)
    }

    /// What is asked for: path and query.
    pub fn path_and_query(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }
}

/// Whether the name means this machine, whatever resolves it (RFC 6761).
fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || name == "localhost.localdomain"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, named: &[&str]) -> Result<(), WebhookUrlError> {
        let named = named.iter().map(|text| text.parse().expect("a network")).collect();
        WebhookUrl::new(text.to_owned())?.check(&AddressGuard::new(named))
    }

    #[test]
    fn a_public_https_url_is_accepted_and_kept_as_sent() {
        let text = "https://Hooks.example.com:8443/a%20b?token=1#part";
        let url = WebhookUrl::new(text.to_owned()).expect("accepted");
        assert_eq!((url.as_str(), url.host(), url.port()), (text, "hooks.example.com", 8443));
        assert_eq!((url.authority(), url.path_and_query()), ("hooks.example.com:8443", "/a%20b?token=1"));
    }

    #[test]
    fn other_schemes_and_credentials_are_refused() {
        for text in ["ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:1"] {
            assert_eq!(check(text, &[]), Err(WebhookUrlError::SchemeRefused), "{text}");
        }
        assert_eq!(check("https://me@example.com/", &[]), Err(WebhookUrlError::HoldsCredentials));
        assert_eq!(check("https://:secret@example.com/", &[]), Err(WebhookUrlError::HoldsCredentials));
        for text in ["", "example.com", "https://", "https://exa mple.com/", "https://example.com/\na", "https://a\0b/"]
        {
            assert_eq!(check(text, &[]), Err(WebhookUrlError::NotAUrl), "{text:?}");
        }
    }

    #[test]
    fn every_spelling_of_an_inner_address_is_refused() {
        let hosts = [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "0177.0.0.1",
            "127.0.0.1.",
            "0",
            "10.0.0.1",
            "①②⑦.0.0.1",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[fd00::1]",
            "[fe80::1]",
            "169.254.169.254",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
        ];
        for host in hosts {
            assert_eq!(check(&format!("https://{host}/"), &[]), Err(WebhookUrlError::AddressRefused), "{host}");
        }
    }

    #[test]
    fn http_goes_into_named_networks_only() {
        assert_eq!(check("http://example.com/", &[]), Err(WebhookUrlError::PlainHttp));
        assert_eq!(check("http://8.8.8.8/", &[]), Err(WebhookUrlError::PlainHttp));
        assert_eq!(check("http://127.0.0.1:9/", &["127.0.0.0/8"]), Ok(()));
        assert_eq!(check("http://localhost:9/", &["127.0.0.0/8"]), Ok(()));
        assert_eq!(check("http://8.8.8.8/", &["127.0.0.0/8"]), Err(WebhookUrlError::PlainHttp));
        // What the name resolves to is seen when it is called.
        assert_eq!(check("http://hooks.internal/", &["10.0.0.0/8"]), Ok(()));
    }
}
