//! Fetches a document of keys: one small GET over TLS, without redirects, within limits of size and time.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};
use url::{Host, Url};

/// How long it may take, from the name's resolution to the last byte.
const PATIENCE: Duration = Duration::from_secs(5);

/// How large it may be.
const LARGEST: usize = 256 * 1024;

/// Fetches one issuer's keys.
pub(super) struct Fetcher {
    url: Url,
    tls: TlsConnector,
}

/// What was fetched.
pub(super) struct Document {
    pub(super) body: Bytes,
    /// For how long the issuer says that it is good.
    pub(super) max_age: Option<Duration>,
}

impl Fetcher {
    pub(super) fn new(url: &str, authorities_file: &Path) -> anyhow::Result<Self> {
        Ok(Self { url: Url::parse(url).context("jwks_url")?, tls: connector(authorities_file)? })
    }

    pub(super) fn url(&self) -> &str {
        self.url.as_str()
    }

    /// # Errors
    /// In words for the log: whatever came in the way.
    pub(super) async fn fetch(&self) -> Result<Document, &'static str> {
        tokio::time::timeout(PATIENCE, self.attempt()).await.unwrap_or(Err("it took too long"))
    }

    async fn attempt(&self) -> Result<Document, &'static str> {
        let host = self.url.host_str().ok_or("its address has no host")?;
        let port = self.url.port_or_known_default().ok_or("its address has no port")?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, port)).await.map_err(|_| "it cannot be reached")?;
        if self.url.scheme() != "https" {
            return self.get(stream).await;
        }
        let stream =
            self.tls.connect(self.server_name()?, stream).await.map_err(|_| "its certificate is not trusted")?;
        self.get(stream).await
    }

    fn server_name(&self) -> Result<ServerName<'static>, &'static str> {
        match self.url.host() {
            Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|_| "its name is none for TLS"),
            Some(Host::Ipv4(address)) => Ok(ServerName::IpAddress(std::net::IpAddr::from(address).into())),
            Some(Host::Ipv6(address)) => Ok(ServerName::IpAddress(std::net::IpAddr::from(address).into())),
            None => Err("its address has no host"),
        }
    }

    async fn get(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> Result<Document, &'static str> {
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|_| "it does not speak HTTP")?;
        let authority = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
        let target = &self.url[url::Position::BeforePath..url::Position::AfterQuery];
        let request = Request::get(target)
            .header(header::HOST, authority)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, concat!("Taskmesh/", env!("CARGO_PKG_VERSION")))
            .header(header::CONNECTION, "close")
            .body(Empty::<Bytes>::new())
            .map_err(|_| "its address cannot be asked for")?;
        let exchange = async move {
            let answer = sender.send_request(request).await.map_err(|_| "it does not answer")?;
            if answer.status() != StatusCode::OK {
                return Err("it answers with another status than 200");
            }
            let max_age = max_age(answer.headers());
            let body =
                Limited::new(answer.into_body(), LARGEST).collect().await.map_err(|_| "it is too large, or cut")?;
            Ok(Document { body: body.to_bytes(), max_age })
        };
        let mut exchange = std::pin::pin!(exchange);
        tokio::select! {
            document = &mut exchange => document,
            // The issuer closed; what it said before is still to be read.
            _ = connection => exchange.await,
        }
    }
}

fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut directives = values.flat_map(|value| value.split(',')).map(str::trim);
    let seconds = directives.find_map(|one| one.to_ascii_lowercase().strip_prefix("max-age=")?.parse().ok());
    seconds.map(Duration::from_secs)
}

/// Trusts the public authorities, those of this machine, and those in the file; an empty path is none.
fn connector(authorities_file: &Path) -> anyhow::Result<TlsConnector> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    // What cannot be read of what the machine trusts is not trusted, and that is all.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if !authorities_file.as_os_str().is_empty() {
        for authority in CertificateDer::pem_file_iter(authorities_file).context("authorities_file")? {
            roots.add(authority.context("authorities_file")?).context("authorities_file")?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("the TLS library has no protocol version in common with itself")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn how_long_keys_are_good_is_what_the_issuer_says() {
        let age = |text| max_age(&HeaderMap::from_iter([(header::CACHE_CONTROL, HeaderValue::from_static(text))]));
        assert_eq!(age("public, Max-Age=300, must-revalidate"), Some(Duration::from_secs(300)));
        for text in ["no-store", "max-age=soon", "s-maxage=5", ""] {
            assert_eq!(age(text), None, "{text}");
        }
    }
}
