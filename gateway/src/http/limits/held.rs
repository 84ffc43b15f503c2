//! What a call holds until the last of its answer is handed over.

use std::{net::IpAddr, sync::Mutex, sync::PoisonError};

use mesh_types::UserId;

use super::{
    connection::OpenCall,
    places::{Place, PlaceOf},
};

/// The places that a call has taken, and its connection's attention.
pub(crate) struct Held {
    places: Mutex<Vec<Taken>>,
    _call: OpenCall,
}

/// A place of any kind; it only has to be dropped.
#[expect(dead_code, reason = "held for their drop")]
pub(super) enum Taken {
    One(Place),
    Address(PlaceOf<IpAddr>),
    User(PlaceOf<UserId>),
}

impl Held {
    /// Nothing yet but the connection.
    pub(crate) fn new(call: OpenCall) -> Self {
        Self { places: Mutex::default(), _call: call }
    }

    pub(super) fn add(&self, place: impl Into<Taken>) {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).push(place.into());
    }
}

impl From<Place> for Taken {
    fn from(place: Place) -> Self {
        Self::One(place)
    }
}

impl From<PlaceOf<IpAddr>> for Taken {
    fn from(place: PlaceOf<IpAddr>) -> Self {
        Self::Address(place)
    }
}

impl From<PlaceOf<UserId>> for Taken {
    fn from(place: PlaceOf<UserId>) -> Self {
        Self::User(place)
    }
}
