//! Waking each other up.

use futures::StreamExt;

use crate::harness::Harness;

pub(crate) async fn signals_reach_those_who_listen_to_their_topic(harness: Harness) {
    let (bus, elsewhere) = (harness.bus(), harness.elsewhere().await);
    elsewhere.head().await.unwrap();
    let mut relay = bus.signals("relay.task-svc").await.unwrap();
    let mut same = bus.signals("relay.task-svc").await.unwrap();
    let mut other = bus.signals("relay.audit-svc").await.unwrap();
    elsewhere.signal("relay.task-svc").await;
    assert!(relay.next().await.is_some());
    assert!(same.next().await.is_some());
    elsewhere.signal("relay.audit-svc").await;
    assert!(other.next().await.is_some());
    elsewhere.signal("relay.task-svc").await;
    elsewhere.signal("relay.task-svc").await;
    assert!(relay.next().await.is_some());
    drop(relay);
    elsewhere.signal("relay.task-svc").await;
    assert!(same.next().await.is_some());
}
