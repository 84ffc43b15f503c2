//! Which connections are open, how many from each address, and which is closed when there are too many.

use std::{
    net::IpAddr,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Connection, connection::Rank, places::PlaceOf, places::PlacesBy};
use crate::domain::network;

/// How many connections are looked at to find one that may be closed: with so many the choice is nearly the best, and a
/// flood of new connections costs little.
const SAMPLE: usize = 32;

/// The connections that are open.
pub(crate) struct Connections {
    most: usize,
    by_address: Arc<PlacesBy<IpAddr>>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    connections: Vec<Arc<Connection>>,
    /// Where the next search begins.
    next: usize,
}

/// An open connection's seat, until dropped.
pub(crate) struct Seat {
    connection: Arc<Connection>,
    connections: Arc<Connections>,
    _place: PlaceOf<IpAddr>,
}

impl Connections {
    /// Room for `most`, and so many of them from each address (0 is as many as there is room).
    pub(crate) fn new(most: usize, most_per_address: usize) -> Arc<Self> {
        Arc::new(Self { most, by_address: PlacesBy::new(most_per_address), open: Mutex::default() })
    }

    /// A seat for a new connection. If there is no room, a quiet one is closed for it.
    pub(crate) fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Seat> {
        let Some(place) = self.by_address.take(network(peer)) else {
            metrics::counter!("gateway_connections_refused_total", "limit" => "address").increment(1);
            return None;
        };
        let connection = Arc::new(Connection::new(peer));
        let mut open = self.open();
        if open.connections.len() >= self.most && !open.close_one() {
            metrics::counter!("gateway_connections_refused_total", "limit" => "all").increment(1);
            return None;
        }
        open.connections.push(connection.clone());
        drop(open);
        metrics::gauge!("gateway_connections").increment(1);
        Some(Seat { connection, connections: self.clone(), _place: place })
    }

    /// Closes a quiet connection, if there is one.
    pub(crate) fn make_room(&self) -> bool {
        self.open().close_one()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Closes the most dispensable of some connections.
    fn close_one(&mut self) -> bool {
        let count = self.connections.len();
        let sample = (0..SAMPLE.min(count)).map(|step| (self.next + step) % count);
        let ranked = sample.filter_map(|index| Some((self.connections[index].rank()?, index)));
        let chosen: Option<(Rank, usize)> = ranked.min();
        self.next = (self.next + SAMPLE) % count.max(1);
        let Some((_, index)) = chosen else { return false };
        self.connections.swap_remove(index).close();
        metrics::counter!("gateway_cut_off_total", "what" => "surplus").increment(1);
        true
    }
}

impl Deref for Seat {
    type Target = Arc<Connection>;

    fn deref(&self) -> &Arc<Connection> {
        &self.connection
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        metrics::gauge!("gateway_connections").decrement(1);
        let mut open = self.connections.open();
        // One that was closed to make room is not among them any more.
        if let Some(index) = open.connections.iter().position(|open| Arc::ptr_eq(open, &self.connection)) {
            open.connections.swap_remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[tokio::test]
    async fn one_address_cannot_take_all_seats() {
        let connections = Connections::new(10, 2);
        let seats = [connections.enter(address(1)), connections.enter(address(1))];
        assert!(seats.iter().all(Option::is_some) && connections.enter(address(1)).is_none());
        let other = connections.enter(address(2));
        drop(seats);
        assert!(other.is_some() && connections.enter(address(1)).is_some());
    }

    #[tokio::test]
    async fn a_quiet_connection_makes_room_and_a_busy_one_does_not() {
        let connections = Connections::new(2, 0);
        let quiet = connections.enter(address(1)).expect("room");
        let busy = connections.enter(address(2)).expect("room");
        let call = busy.begin();
        let third = connections.enter(address(3)).expect("room is made");
        quiet.closed().await;
        let other_call = third.begin();
        assert!(connections.enter(address(4)).is_none(), "both have a call");
        drop((call, quiet));
        assert!(connections.enter(address(4)).is_some());
        drop(other_call);
    }
}
