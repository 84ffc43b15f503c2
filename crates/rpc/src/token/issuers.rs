//! Which service's tokens are good for what.

/// A service that signs tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Issuer {
    name: &'static str,
    methods: Methods,
}

/// The RPCs that an issuer's tokens may be used for.
#[derive(Clone, Copy, Debug)]
enum Methods {
    /// All of them.
    Every,
}

/// Everybody who signs tokens. A service that calls others for a person gets a line with the RPCs it needs.
static ISSUERS: &[Issuer] = &[Issuer { name: GATEWAY, methods: Methods::Every }];

/// The only issuer whose word on a client's address counts.
const GATEWAY: &str = "gateway";

impl Issuer {
    /// The issuer of this name, if it is one.
    pub(super) fn named(name: &str) -> Option<Self> {
        ISSUERS.iter().find(|issuer| issuer.name == name).copied()
    }

    /// Whether `key_id` is the id of a key of this issuer.
    pub(super) fn owns_key(self, key_id: &str) -> bool {
        key_id.split_once('.').is_some_and(|(owner, _)| owner == self.name)
    }

    /// Whether this is the gateway.
    pub(super) fn is_gateway(self) -> bool {
        self.name == GATEWAY
    }

    /// Whether its tokens may be used for the RPC at `path`.
    pub(super) fn may_call(self, _path: &str) -> bool {
        match self.methods {
            Methods::Every => true,
        }
    }
}
