//! Why a call was refused, as its caller learns it and as the metrics count it.

use std::time::Duration;

use mesh_types::{ErrorKind, Fault, Reason};

/// When a call that found no place may be tried again.
const SOON: Duration = Duration::from_secs(1);

/// A limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// One user calls too often.
    UserRate(Duration),
    /// One address calls too often.
    AddressRate(Duration),
    /// One user has too many calls under way.
    UserCalls,
    /// One address has too many calls under way that need no token.
    PublicCalls,
    /// One user has too many streams open.
    UserStreams,
    /// One address has too many streams open.
    AddressStreams,
    /// All together have too many streams open.
    Streams,
    /// More calls are under way than can be answered.
    Calls,
    /// The same, at one service.
    ServiceCalls,
}

impl Refused {
    /// Counts it, and says it.
    pub(super) fn fault(self) -> Fault {
        metrics::counter!("gateway_refused_total", "limit" => self.name()).increment(1);
        let (kind, reason, message, wait) = match self {
            Self::UserRate(wait) => limited("this user calls too often; slow down", wait),
            Self::AddressRate(wait) => limited("too many calls from this address; slow down", wait),
            Self::UserCalls => limited("this user has too many calls under way; wait for some", SOON),
            Self::PublicCalls => limited("too many calls without a token from this address; wait for some", SOON),
            Self::UserStreams => limited("this user has too many streams open; close some", SOON),
            Self::AddressStreams => limited("too many streams are open from this address; close some", SOON),
            Self::Streams => overloaded("too many streams are open; try again"),
            Self::Calls | Self::ServiceCalls => overloaded("too many calls are under way; try again"),
        };
        let mut fault = Fault::new(kind, reason, message);
        fault.retry_after = Some(wait);
        fault
    }

    /// Its name in the metrics.
    fn name(self) -> &'static str {
        match self {
            Self::UserRate(_) => "user_rate",
            Self::AddressRate(_) => "address_rate",
            Self::UserCalls => "user_calls",
            Self::PublicCalls => "public_calls",
            Self::UserStreams => "user_streams",
            Self::AddressStreams => "address_streams",
            Self::Streams => "streams",
            Self::Calls => "calls",
            Self::ServiceCalls => "service_calls",
        }
    }
}

type Told = (ErrorKind, Reason, &'static str, Duration);

fn limited(message: &'static str, wait: Duration) -> Told {
    (ErrorKind::ResourceExhausted, Reason::RateLimited, message, wait)
}

fn overloaded(message: &'static str) -> Told {
    (ErrorKind::Unavailable, Reason::Overloaded, message, SOON)
}
