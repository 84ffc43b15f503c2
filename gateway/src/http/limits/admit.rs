//! Whether a call is let in: how often its address and its user call, and how much they and all others have under way.

use std::{net::IpAddr, sync::Arc};

use http::HeaderMap;
use mesh_types::{Fault, Reason, UserId};

use super::{
    LimitSettings,
    places::{Places, PlacesBy},
    rates::Rates,
    refused::Refused,
};
use crate::{
    app::OpenStream,
    domain::network,
    http::{edge::Visit, identity, table::Rpc},
};

/// What is counted of calls, for all faces together.
pub(crate) struct Limits {
    wrong_token_calls: u32,
    users: Option<Rates<UserId>>,
    addresses: Option<Rates<IpAddr>>,
    calls: Arc<Places>,
    user_calls: Arc<PlacesBy<UserId>>,
    public_calls: Arc<PlacesBy<IpAddr>>,
    streams: Arc<Places>,
    user_streams: Arc<PlacesBy<UserId>>,
    address_streams: Arc<PlacesBy<IpAddr>>,
}

impl Limits {
    pub(crate) fn new(settings: &LimitSettings) -> Self {
        Self {
            wrong_token_calls: settings.wrong_token_calls,
            users: settings.user_rate().map(Rates::new),
            addresses: settings.address_rate().map(Rates::new),
            calls: Places::new(settings.max_calls),
            user_calls: PlacesBy::new(settings.max_calls_per_user),
            public_calls: PlacesBy::new(settings.max_public_calls_per_address),
            streams: Places::new(settings.max_streams),
            user_streams: PlacesBy::new(settings.max_streams_per_user),
            address_streams: PlacesBy::new(settings.max_streams_per_address),
        }
    }

    /// Counts a call of the visit's address, whatever it calls.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when it calls too often.
    pub(crate) fn arrive(&self, visit: &Visit) -> Result<(), Fault> {
        let Some(addresses) = &self.addresses else { return Ok(()) };
        addresses.take(network(visit.client), visit.arrived).map_err(|wait| Refused::AddressRate(wait).fault())
    }

    /// Takes the places of a unary call, as far as they do not depend on who calls.
    fn begin_call(&self, visit: &Visit, rpc: &Rpc) -> Result<(), Fault> {
        visit.held.add(self.calls.take().ok_or_else(|| Refused::Calls.fault())?);
        visit.held.add(rpc.calls.take().ok_or_else(|| Refused::ServiceCalls.fault())?);
        if rpc.method.public {
            let place = self.public_calls.take(network(visit.client));
            visit.held.add(place.ok_or_else(|| Refused::PublicCalls.fault())?);
        }
        Ok(())
    }

    /// Takes the places of a stream, as far as they do not depend on who calls.
    fn open_stream(&self, visit: &Visit) -> Result<(), Fault> {
        let place = self.address_streams.take(network(visit.client));
        visit.held.add(place.ok_or_else(|| Refused::AddressStreams.fault())?);
        visit.held.add(self.streams.take().ok_or_else(|| Refused::Streams.fault())?);
        Ok(())
    }

    /// Counts a call of `user`, and takes their places.
    fn welcome(&self, visit: &Visit, user: UserId, is_stream: bool) -> Result<(), Fault> {
        if let Some(users) = &self.users {
            users.take(user, visit.arrived).map_err(|wait| Refused::UserRate(wait).fault())?;
        }
        let (places, refused) =
            if is_stream { (&self.user_streams, Refused::UserStreams) } else { (&self.user_calls, Refused::UserCalls) };
        visit.held.add(places.take(user).ok_or_else(|| refused.fault())?);
        Ok(())
    }

    /// Whoever tries tokens that nobody has is probably guessing.
    fn charge_for(&self, fault: &Fault, visit: &Visit) {
        if let (Some(addresses), Reason::TokenInvalid) = (&self.addresses, fault.reason) {
            addresses.charge(network(visit.client), visit.arrived, self.wrong_token_calls);
        }
    }
}

/// Lets a call of the contract in, and writes who calls into `forwarded`. For a stream, what notes that it is open.
///
/// # Errors
/// RESOURCE_EXHAUSTED or UNAVAILABLE beyond a limit, UNAUTHENTICATED without a valid credential; whatever the exchange
/// answers.
pub(crate) async fn admit(
    visit: &Visit,
    rpc: &Rpc,
    headers: &HeaderMap,
    forwarded: &mut HeaderMap,
) -> Result<Option<OpenStream>, Fault> {
    let (limits, is_stream) = (&visit.edge.limits, rpc.is_stream());
    if is_stream { limits.open_stream(visit) } else { limits.begin_call(visit, rpc) }?;
    match identity::identify(visit, rpc, headers, forwarded).await {
        Ok(Some(caller)) => limits.welcome(visit, caller.user, is_stream).map(|()| caller.opened),
        Ok(None) => Ok(None),
        Err(fault) => {
            limits.charge_for(&fault, visit);
            Err(fault)
        }
    }
}

/// Lets in a stream that the gateway serves itself.
///
/// # Errors
/// RESOURCE_EXHAUSTED or UNAVAILABLE beyond a limit.
pub(crate) fn admit_local(visit: &Visit) -> Result<(), Fault> {
    visit.edge.limits.open_stream(visit)
}
