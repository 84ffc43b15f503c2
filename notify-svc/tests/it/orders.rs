//! Whatever order the events of a reminder come in, alone or together, once or twice: what is left is the same.

use std::{collections::BTreeSet, sync::Arc};

use mesh_events::{Effect, Envelope, EventLog, live::Live};
use mesh_store::{Database, Sql};
use mesh_testkit::{FakeClock, TestDatabase, TestUser};
use notify_svc::{
    WebhooksConfig,
    app::App,
    clients::webhooks::Webhooks,
    domain::{Notification, OrderBy},
    events::consume::ReminderTaker,
    startup::{CODEC, NAME},
    store::{Page, Store, migrations},
};

use crate::reminders::{Reminder, again};

mesh_testkit::on_both_databases!(every_order_of_events_leads_to_the_same_inbox);

/// How many events come in one batch.
const BATCHES: [usize; 3] = [1, 2, 6];

struct World {
    database: Database,
    store: Store,
    taker: ReminderTaker,
}

impl World {
    async fn on(database: &TestDatabase) -> Self {
        let database = database.connect().await;
        database.migrate(migrations()).await.expect("the tables are made");
        let store = Store::new(database.clone(), EventLog::new(database.clone(), NAME), CODEC);
        let live = Live::new(mesh_events::live::LiveSettings {
            stream: "notifications",
            ring: 1,
            queue: 1,
            patience: Default::default(),
        });
        let webhooks = Webhooks::new(&WebhooksConfig::default()).expect("the defaults make sense");
        let app = App::new(store.clone(), live, webhooks, Arc::default(), Arc::new(FakeClock::default()));
        Self { database, store, taker: ReminderTaker::new(Arc::new(app)) }
    }

    async fn take(&self, batch: &[Envelope]) {
        let transaction = self.database.begin().await.expect("a transaction");
        self.taker.apply(&transaction, batch).await.expect("it is taken");
        transaction.commit().await.expect("a commit");
    }

    async fn inbox(&self, user: &TestUser) -> Vec<Notification> {
        let page = Page {
            user: user.id(),
            workspaces: vec![user.workspace()],
            show_withdrawn: true,
            order: "event_time".parse::<OrderBy>().expect("an order"),
            after: None,
            limit: 10,
        };
        self.store.list_notifications(&page).await.expect("a page")
    }

    /// The versions that were told, oldest first.
    async fn told(&self, notification: &Notification) -> Vec<i64> {
        const TOLD: Sql = Sql::both("SELECT version FROM event_log WHERE aggregate_id = $1 ORDER BY seq");
        let rows = TOLD.all(self.database.reader(), [notification.id.0.into()]).await.expect("rows");
        rows.iter().map(|row| row.try_get("", "version").expect("a version")).collect()
    }
}

async fn every_order_of_events_leads_to_the_same_inbox(database: TestDatabase) {
    let world = World::on(&database).await;
    for order in orders() {
        for size in BATCHES {
            let user = TestUser::new();
            let events = life(&Reminder::of(&user, "in any order"));
            let events: Vec<Envelope> = order.iter().map(|&index| events[index].clone()).collect();
            for batch in events.chunks(size) {
                world.take(batch).await;
            }
            check(&world, &user, &order).await;
        }
    }
}

/// It fires, is withdrawn, restored, and fires again; the first two are told twice.
fn life(reminder: &Reminder) -> [Envelope; 6] {
    let (fires, withdrawn) = (reminder.fires(2), reminder.is_withdrawn(3));
    let twice = [again(&fires), again(&withdrawn)];
    let [fires_twice, withdrawn_twice] = twice;
    [fires, withdrawn, reminder.is_restored(4), reminder.fires(5), fires_twice, withdrawn_twice]
}

async fn check(world: &World, user: &TestUser, order: &[usize]) {
    let inbox = world.inbox(user).await;
    let withdrawn: Vec<bool> = inbox.iter().map(|it| it.withdraw_time.is_some()).collect();
    assert_eq!(withdrawn, [true, false], "after {order:?}");
    for notification in &inbox {
        let versions: Vec<i64> = (1..=notification.version).collect();
        assert_eq!(world.told(notification).await, versions, "after {order:?}");
    }
}

/// Every order of the six events, but for which of two that are the same comes first.
fn orders() -> BTreeSet<Vec<usize>> {
    let mut orders = BTreeSet::from([Vec::new()]);
    for _ in 0..6 {
        orders = orders.into_iter().flat_map(|order| (0..6).filter_map(move |next| extended(&order, next))).collect();
    }
    orders
}

fn extended(order: &[usize], next: usize) -> Option<Vec<usize>> {
    let twin_first = match next {
        4 => order.contains(&0),
        5 => order.contains(&1),
        _ => true,
    };
    (twin_first && !order.contains(&next)).then(|| order.iter().copied().chain([next]).collect())
}

#[test]
fn there_are_as_many_orders_as_there_should_be() {
    assert_eq!(orders().len(), 180);
}
