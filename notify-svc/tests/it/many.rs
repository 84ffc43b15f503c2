//! Many reminders fire in the same second.

use std::collections::HashSet;

use futures::StreamExt;
use mesh_events::{Envelope, Filter, NatsConfig, TailFrom};
use mesh_testkit::{TestBus, TestDatabase, TestUser};

use crate::{
    reminders::Reminder,
    support::{World, list_all, oldest_first, page},
};

mesh_testkit::on_both_databases!(ten_thousand_reminders_are_ten_thousand_notifications);

const MANY: usize = 10_000;

async fn ten_thousand_reminders_are_ten_thousand_notifications(database: TestDatabase) {
    let bus = match database.url().starts_with("postgres:") {
        true => TestBus::on(&NatsConfig { max_bytes: 128 << 20, ..mesh_testkit::nats() }).await,
        false => TestBus::embedded().await,
    };
    let user = TestUser::new();
    let events: Vec<Envelope> = (0..MANY).map(|_| Reminder::of(&user, "one of many").fires(2)).collect();
    let mut sent = 0;
    while sent < MANY {
        let most = MANY.min(sent + 500);
        sent += bus.publish(&events[sent..most]).await.expect("the bus takes events");
    }
    let world = World::on_bus(database, bus, |_| {}).await;
    told(&world).await;
    let mut client = world.client_of(&user);
    let all = list_all(&mut client, oldest_first()).await;
    let reminders: HashSet<_> = all.iter().filter_map(|it| it.reminder_id.clone()).collect();
    assert_eq!((all.len(), reminders.len()), (MANY, MANY));
    let counts = page(&mut client, oldest_first()).await;
    assert_eq!((counts.unread_count, counts.unseen_count), (1_000, 1_000));
}

/// Waits until each of them was told to the others.
async fn told(world: &World) {
    let filter = Filter { entities: vec!["notification".to_owned()] };
    let mut tail = world.bus.tail(filter, TailFrom::Last(3 * MANY as u64)).await.expect("a tail");
    let mut told = HashSet::new();
    while told.len() < MANY {
        told.insert(tail.next().await.expect("the tail goes on").expect("an event").event.aggregate_id);
    }
}
