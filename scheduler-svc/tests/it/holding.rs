//! Who holds a timer, and that it does not matter for how often it fires: the store, asked by two replicas in turn.

use std::time::Duration;

use mesh_events::EventLog;
use mesh_store::Sql;
use mesh_testkit::{TestDatabase, eventually};
use mesh_types::{Clock, SystemClock, Timestamp, new_id};
use scheduler_svc::{
    domain::Timer,
    events::{publish, publish_schedule},
    startup::NAME,
    store::{EventCodec, FireSettings, Store},
};
use uuid::Uuid;

use crate::{
    support::{MINUTE, SECOND, World, at, remind},
    timers::fired,
    told::Log,
};

mesh_testkit::on_both_databases!(
    a_timer_has_one_holder_until_its_lease_is_over,
    what_a_frozen_holder_still_believes_in_fires_nothing,
    a_replica_that_leaves_gives_back_what_it_holds,
    a_timer_that_was_lost_from_memory_is_found_again,
    nothing_fires_before_its_time,
    what_a_replica_holds_is_not_claimed_by_it_again,
    what_is_due_at_once_is_held_however_much_is_held,
    a_reminder_that_cannot_be_read_keeps_no_other_from_firing,
);

const SETTINGS: FireSettings = FireSettings { late_after: Duration::from_secs(5) };

/// A store with ten reminders that are due in a minute, and nobody who fires them.
struct Stage {
    world: World,
    store: Store,
    log: Log,
    due: Timestamp,
}

impl Stage {
    async fn set(database: TestDatabase) -> Self {
        let mut world = World::on(database).await;
        world.stop().await;
        let database = world.database.connect().await;
        let codec = EventCodec {
            reminder: publish::reminder,
            kept_reminder: publish::kept_reminder,
            schedule: publish_schedule::encode,
            kept_schedule: publish_schedule::decode,
        };
        let store = Store::new(database.clone(), EventLog::new(database, NAME), codec);
        let (log, due) = (Log::of(&world).await, world.after(MINUTE));
        log.fill(&world, 10, due).await;
        Self { world, store, log, due }
    }

    async fn claim(&self, replica: Uuid) -> Vec<Timer> {
        let span = (Timestamp::default(), self.due.plus(MINUTE));
        self.store.claim_timers(replica, span, 100).await.expect("a claim")
    }

    async fn fire(&self, timers: &[Timer]) -> usize {
        let now = self.world.clock.now();
        self.store.fire(timers, now, SETTINGS).await.expect("it can be tried").firings.len()
    }

    async fn join(&self, lease: Duration) -> Uuid {
        let replica = new_id(SystemClock.now());
        self.store.renew_lease(replica, lease).await.expect("a lease");
        replica
    }
}

async fn a_timer_has_one_holder_until_its_lease_is_over(database: TestDatabase) {
    let stage = Stage::set(database).await;
    let (one, other) = (stage.join(MINUTE).await, stage.join(MINUTE).await);
    assert_eq!(stage.claim(one).await.len(), 10);
    assert_eq!(stage.claim(other).await, []);
    stage.store.renew_lease(one, Duration::ZERO).await.expect("it ends at once");
    assert_eq!(stage.claim(other).await.len(), 10);
}

async fn what_a_frozen_holder_still_believes_in_fires_nothing(database: TestDatabase) {
    let stage = Stage::set(database).await;
    let (frozen, other) = (stage.join(Duration::from_millis(20)).await, stage.join(MINUTE).await);
    let stale = stage.claim(frozen).await;
    let claimed = eventually(async || Some(stage.claim(other).await).filter(|timers| timers.len() == 10)).await;
    stage.world.clock.advance(MINUTE);
    assert_eq!(stage.fire(&claimed[..5]).await, 5);
    // It wakes up and fires what is left; the others were fired without it.
    assert_eq!(stage.fire(&stale).await, 5);
    assert_eq!((stage.fire(&claimed).await, stage.fire(&stale).await), (0, 0));
    assert_eq!(stage.log.fired().await, (10, 10));
}

async fn a_replica_that_leaves_gives_back_what_it_holds(database: TestDatabase) {
    let stage = Stage::set(database).await;
    let (one, other) = (stage.join(MINUTE).await, stage.join(MINUTE).await);
    stage.claim(one).await;
    stage.store.leave(one).await.expect("it leaves");
    assert_eq!(stage.claim(other).await.len(), 10);
}

async fn a_timer_that_was_lost_from_memory_is_found_again(database: TestDatabase) {
    let stage = Stage::set(database).await;
    let replica = stage.join(MINUTE).await;
    let claimed = stage.claim(replica).await;
    assert_eq!(stage.store.held_timers(replica, stage.due, 100).await.expect("a look"), []);
    let late = stage.due.plus(Duration::from_secs(1));
    let mut lost = stage.store.held_timers(replica, late, 100).await.expect("a look");
    lost.sort_by_key(|timer| claimed.iter().position(|known| known == timer));
    assert_eq!(lost, claimed);
}

async fn nothing_fires_before_its_time(database: TestDatabase) {
    let stage = Stage::set(database).await;
    let claimed = stage.claim(stage.join(MINUTE).await).await;
    let now = stage.world.clock.now();
    let fired = stage.store.fire(&claimed, now, SETTINGS).await.expect("it can be tried");
    assert_eq!((fired.firings.len(), fired.again.len()), (0, 10));
    stage.world.clock.advance(MINUTE);
    assert_eq!(stage.fire(&claimed).await, 10);
}

async fn what_a_replica_holds_is_not_claimed_by_it_again(database: TestDatabase) {
    let stage = Stage::set(database).await;
    let replica = stage.join(Duration::ZERO).await;
    assert_eq!(stage.claim(replica).await.len(), 10);
    assert_eq!(stage.claim(replica).await, [], "though its lease is over");
}

async fn what_is_due_at_once_is_held_however_much_is_held(database: TestDatabase) {
    let mut world = World::on(database).await;
    world.stop().await;
    (world.config.timers.batch, world.config.timers.held) = (1, 1);
    let log = Log::of(&world).await;
    log.fill(&world, 2, world.after(25 * SECOND)).await;
    world.resume().await;
    eventually(async || log.unheld().await == 1).await;
    let task = world.task_due_in(MINUTE).await;
    let soon = remind(&mut world.client(), &task, at(world.after(5 * SECOND))).await;
    world.clock.advance(5 * SECOND);
    assert!(!fired(&world, &soon.id, 1).await.late);
}

async fn a_reminder_that_cannot_be_read_keeps_no_other_from_firing(database: TestDatabase) {
    const SPOIL: Sql = Sql::both(
        "UPDATE reminder SET channel_ids = 'none' WHERE id = (SELECT reminder_id FROM timer ORDER BY reminder_id LIMIT 1)",
    );
    let mut world = World::on(database).await;
    world.stop().await;
    let log = Log::of(&world).await;
    log.fill(&world, 10, world.after(20 * SECOND)).await;
    let none: [sea_orm::Value; 0] = [];
    SPOIL.run(world.database.connect().await.writer(), none).await.expect("the test may write");
    world.resume().await;
    eventually(async || log.unheld().await == 0).await;
    world.clock.advance(20 * SECOND);
    eventually(async || log.fired().await == (9, 9)).await;
}
