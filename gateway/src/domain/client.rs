//! What the gateway saw of the client behind a call: hints for the audit trail and for limits, never proof of anything.

use std::net::IpAddr;

/// How much of each hint is kept, in characters.
const LONGEST: usize = 200;

/// What the gateway saw of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHint {
    /// The client's address, as far as trusted proxies tell it.
    pub address: Option<String>,
    /// What the client called itself.
    pub user_agent: Option<String>,
}

impl ClientHint {
    /// The same, fit to be kept: without control characters, and no longer than tokens and events can carry.
    #[must_use]
    pub fn cut(&self) -> Self {
        let cut = |text: &String| text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
        Self { address: self.address.as_ref().map(cut), user_agent: self.user_agent.as_ref().map(cut) }
    }

    /// The network that attempts are counted for: the address, or for IPv6 its /64, which one customer holds.
    pub fn network(&self) -> Option<IpAddr> {
        self.address.as_ref()?.parse().ok().map(network)
    }
}

/// The network that an address is counted for.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_an_ipv6_network_count_as_one() {
        let network = |text: &str| ClientHint { address: Some(text.to_owned()), user_agent: None }.network();
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }
}
