//! Which addresses webhooks may go to. Whoever makes a channel chooses where this service sends requests, and this
//! service stands inside the operator's network: so only public addresses are allowed, and those that the operator
//! names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Network;

/// Tells allowed addresses from others.
#[derive(Clone, Debug, Default)]
pub struct AddressGuard {
    named: Vec<Network>,
}

impl AddressGuard {
    /// Allows public addresses, and all of these networks.
    pub fn new(named: Vec<Network>) -> Self {
        Self { named }
    }

    /// Whether the operator named any network.
    pub fn names_networks(&self) -> bool {
        !self.named.is_empty()
    }

    /// Whether the operator named a network of this address.
    pub fn names(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.named.iter().any(|network| network.contains(address))
    }

    /// Whether a request may go to this address.
    pub fn allows(&self, address: IpAddr) -> bool {
        self.names(address) || is_public(address)
    }
}

/// Whether the address is one of the public Internet, in whatever form it is written.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// What the IANA keeps for special purposes (RFC 6890 and later), multicast, and the address under which one cloud's
/// machines reach its control plane.
const SPECIAL_V4: [(Ipv4Addr, u32); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, what is reserved, broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = |(start, prefix): &(Ipv4Addr, u32)| (start.to_bits() ^ address.to_bits()) >> (32 - prefix) == 0;
    !SPECIAL_V4.iter().any(special)
}

/// Of IPv6 only 2000::/3 is given out. Inside of it: protocols (Teredo among them, 2001::/32), documentation, and 6to4,
/// which leads to whatever IPv4 address it holds. NAT64 leads there, too, but where IPv6 is all there is, every IPv4 host is
/// behind it: there the address that it holds decides.
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x2002, ..] => false,
        [0x3fff, 0..=0x0fff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INNER: &[&str] = &[
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::8.8.8.8",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:0a00:0001::1",
        "2002:0808:0808::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];

    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.0.1.1",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2606:4700:4700::1111",
        "3fff:1000::1",
    ];

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn addresses_that_are_not_public_are_refused() {
        let guard = AddressGuard::default();
        for text in INNER {
            assert!(!guard.allows(address(text)), "{text}");
        }
    }

    #[test]
    fn public_addresses_are_allowed() {
        let guard = AddressGuard::default();
        for text in PUBLIC {
            assert!(guard.allows(address(text)), "{text}");
        }
    }

    #[test]
    fn what_the_operator_names_is_allowed_in_every_form() {
        let guard = AddressGuard::new(vec!["127.0.0.0/8".parse().expect("a network")]);
        assert!(guard.allows(address("127.0.0.1")) && guard.allows(address("::ffff:127.0.0.1")));
        assert!(!guard.allows(address("::1")) && !guard.allows(address("10.0.0.1")));
    }
}
