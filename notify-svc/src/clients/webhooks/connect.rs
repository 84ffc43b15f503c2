//! A connection to an address that was checked, and to no other.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use crate::domain::{AddressGuard, Destination, Failure, WebhookUrl};

/// How many of a name's addresses are tried.
const MOST_TRIED: usize = 4;
/// How long one of several addresses may take, so that there is time left for the next.
const PATIENCE: Duration = Duration::from_secs(4);

/// Connects to where `url` leads now, if all of it is allowed.
pub(super) async fn connect(url: &WebhookUrl, guard: &AddressGuard) -> Result<TcpStream, Failure> {
    let addresses = resolve(url).await?;
    for address in &addresses {
        url.check_address(*address, guard).map_err(Failure::Blocked)?;
    }
    for address in addresses.iter().take(MOST_TRIED) {
        let attempt = TcpStream::connect(SocketAddr::new(*address, url.port()));
        if let Ok(Ok(stream)) = timeout(PATIENCE, attempt).await {
            // A request is two small writes.
            let _ = stream.set_nodelay(true);
            return Ok(stream);
        }
    }
    Err(Failure::ConnectionFailed)
}

/// What `url` leads to. A literal address goes through no resolver, which is why it is not left to one to check.
async fn resolve(url: &WebhookUrl) -> Result<Vec<IpAddr>, Failure> {
    match url.destination() {
        Some(Destination::Address(address)) => Ok(vec![address]),
        Some(Destination::Name(name)) => {
            let found = lookup_host((name, url.port())).await.map_err(|_| Failure::NameUnknown)?;
            let found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
            if found.is_empty() { Err(Failure::NameUnknown) } else { Ok(found) }
        }
        None => Err(Failure::NameUnknown),
    }
}
