//! TLS towards receivers: their certificates are checked against the public authorities, and those that this machine
//! trusts.

use std::{path::Path, sync::Arc};

use anyhow::Context;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use crate::domain::{Destination, Failure, WebhookUrl};

/// A connector that trusts the authorities in this file, too; an empty path is none.
pub(super) fn connector(authorities_file: &Path) -> anyhow::Result<TlsConnector> {
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

pub(super) async fn over(
    connector: &TlsConnector,
    stream: TcpStream,
    url: &WebhookUrl,
) -> Result<TlsStream<TcpStream>, Failure> {
    let name = match url.destination() {
        Some(Destination::Address(address)) => ServerName::IpAddress(address.into()),
        Some(Destination::Name(name)) => {
            let name = name.trim_end_matches('.').to_owned();
            ServerName::try_from(name).map_err(|_| Failure::TlsFailed)?
        }
        None => return Err(Failure::TlsFailed),
    };
    connector.connect(name, stream).await.map_err(|_| Failure::TlsFailed)
}
