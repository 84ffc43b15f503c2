//! From the log to the bus: in order, by one relay at a time, whatever stops it.

use std::sync::{
    Arc, Mutex,
    atomic::Ordering,
    mpsc::{Sender, channel},
};

use mesh_events::{EventBus, EventLog, Relay};
use mesh_store::Database;
use mesh_testkit::{FakeClock, TestDatabase, eventually};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    meddling::Meddler,
    world::{QUICK, Running, World},
};

mesh_testkit::on_both_databases!(
    events_reach_the_bus_in_the_order_of_their_commits,
    what_was_told_before_the_relay_started_is_published,
    a_transaction_that_commits_late_loses_nothing,
    what_the_bus_does_not_take_is_sent_again_from_there,
    events_wait_while_the_bus_is_down,
    a_relay_that_crashes_between_publishing_and_forgetting_publishes_again,
    a_relay_that_stops_hands_over_what_is_pending,
);

const TASK: Uuid = Uuid::from_u128(3);

async fn events_reach_the_bus_in_the_order_of_their_commits(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let _relay = world.start_relay();
    let mut ids = world.tell(TASK, 1..=20).await;
    world.expect_on_the_bus(&ids).await;
    ids.extend(world.tell(TASK, 21..=150).await);
    world.expect_on_the_bus(&ids).await;
}

async fn what_was_told_before_the_relay_started_is_published(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let ids = world.tell(TASK, 1..=120).await;
    let _relay = world.start_relay();
    world.expect_on_the_bus(&ids).await;
}

async fn a_transaction_that_commits_late_loses_nothing(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let _relay = world.start_relay();
    if world.database.backend() == mesh_store::Backend::Sqlite {
        // There is one writer, so none can be late.
        return;
    }
    let late = world.database.begin().await.expect("a transaction begins");
    let event = world.event(TASK, 1);
    world.log.append(&late, std::slice::from_ref(&event)).await.expect("it is appended");
    let mut ids = world.tell(Uuid::from_u128(4), 1..=5).await;
    world.expect_on_the_bus(&ids).await;
    mesh_store::commit(late).await.expect("it commits");
    world.log.committed();
    ids.push(event.id);
    world.expect_on_the_bus(&ids).await;
}

fn start_with(world: &mut World, bus: &Arc<Meddler>) -> Running {
    let relay = world.relay(bus.clone() as Arc<dyn EventBus>);
    world.start(|stop| async move { relay.run(stop).await })
}

async fn what_the_bus_does_not_take_is_sent_again_from_there(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let bus = Arc::new(Meddler::new(world.bus.clone()));
    bus.take_at_most(3);
    let ids = world.tell(TASK, 1..=10).await;
    let _relay = start_with(&mut world, &bus);
    world.expect_on_the_bus(&ids).await;
    assert!(bus.published.load(Ordering::SeqCst) >= 4);
}

async fn events_wait_while_the_bus_is_down(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let bus = Arc::new(Meddler::new(world.bus.clone()));
    bus.set_down(true);
    let _relay = start_with(&mut world, &bus);
    let ids = world.tell(TASK, 1..=10).await;
    assert!(world.on_the_bus().is_empty());
    bus.set_down(false);
    world.expect_on_the_bus(&ids).await;
}

/// The bus drops the second publication, as it knows the ids; without that consumers would.
async fn a_relay_that_crashes_between_publishing_and_forgetting_publishes_again(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let silent = Arc::new(Meddler::new(world.bus.clone()));
    silent.never_answer();
    let ids = world.tell(TASK, 1..=10).await;
    let first = start_with(&mut world, &silent);
    eventually(async || silent.published.load(Ordering::SeqCst) > 0).await;
    first.crash().await;
    let meddler = Arc::new(Meddler::new(world.bus.clone()));
    let _second = start_with(&mut world, &meddler);
    eventually(async || meddler.published.load(Ordering::SeqCst) > 0).await;
    let more = world.tell(TASK, 11..=12).await;
    world.expect_on_the_bus(&[ids, more].concat()).await;
}

async fn a_relay_that_stops_hands_over_what_is_pending(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let relay = world.start_relay();
    let ids = world.tell(TASK, 1..=200).await;
    relay.stop().await;
    world.expect_on_the_bus(&ids).await;
    let meddler = Arc::new(Meddler::new(world.bus.clone()));
    let next = start_with(&mut world, &meddler);
    let more = world.tell(TASK, 201..=201).await;
    world.expect_on_the_bus(&[ids, more].concat()).await;
    next.stop().await;
    assert_eq!(meddler.published.load(Ordering::SeqCst), 1, "the first relay forgot what it had published");
}

/// A relay in a runtime of its own on a thread of its own, so that all of it can be frozen by blocking that thread, as
/// SIGSTOP would. It freezes after its first publication.
struct Freezing {
    stop: CancellationToken,
    thread: std::thread::JoinHandle<()>,
    frozen: tokio::sync::mpsc::UnboundedReceiver<()>,
    thaw: Sender<()>,
}

impl Freezing {
    fn start(world: &World, database: &TestDatabase) -> Self {
        let (tell, frozen) = tokio::sync::mpsc::unbounded_channel();
        let (thaw, thawed) = channel();
        let thawed = Mutex::new(thawed);
        let bus = Meddler::new(world.bus.clone()).after_publish(move |publications| {
            if publications == 1 {
                let _ = tell.send(());
                let _ = thawed.lock().map(|thawed| thawed.recv());
            }
        });
        let stop = CancellationToken::new();
        let (stopped, clock, config) = (stop.clone(), Arc::new(world.clock.clone()), database.config());
        let relay = async move {
            let database = Database::connect(&config).await.expect("the database can be reached");
            Relay::new(EventLog::new(database, "task-svc"), Arc::new(bus), clock, QUICK).run(stopped).await;
        };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime starts").block_on(relay);
        });
        Self { stop, thread, frozen, thaw }
    }

    async fn join(self) {
        self.stop.cancel();
        tokio::task::spawn_blocking(|| self.thread.join()).await.expect("it is waited for").expect("the thread ends");
    }
}

#[tokio::test]
async fn another_relay_takes_over_from_a_frozen_one_and_both_end_well() {
    let server = mesh_testkit::postgres().await;
    let mut world = World::on(&server).await;
    let mut ids = world.tell(TASK, 1..=10).await;
    let mut first = Freezing::start(&world, &server);
    first.frozen.recv().await.expect("the first relay freezes after it has published");

    let second = world.start_relay();
    ids.extend(world.tell(TASK, 11..=20).await);
    world.expect_on_the_bus(&ids).await;

    first.thaw.send(()).expect("the first relay goes on");
    ids.extend(world.tell(TASK, 21..=30).await);
    world.expect_on_the_bus(&ids).await;
    second.stop().await;
    ids.extend(world.tell(TASK, 31..=40).await);
    world.expect_on_the_bus(&ids).await;
    first.join().await;
}

#[tokio::test]
async fn the_newest_relay_on_a_sqlite_file_has_the_lease() {
    let file = mesh_testkit::sqlite();
    let mut world = World::on(&file).await;
    let first_bus = Arc::new(Meddler::new(world.bus.clone()));
    let _first = start_with(&mut world, &first_bus);
    let mut ids = world.tell(TASK, 1..=5).await;
    world.expect_on_the_bus(&ids).await;

    let second_bus = Arc::new(Meddler::new(world.bus.clone()));
    let second = start_with(&mut world, &second_bus);
    ids.extend(world.tell(TASK, 6..=10).await);
    world.expect_on_the_bus(&ids).await;
    eventually(async || second_bus.published.load(Ordering::SeqCst) > 0).await;
    second.stop().await;
    let before = first_bus.published.load(Ordering::SeqCst);
    eventually(async || {
        ids.extend(world.tell(TASK, 11..=11).await);
        first_bus.published.load(Ordering::SeqCst) > before
    })
    .await;
    world.expect_on_the_bus(&ids).await;
}

#[tokio::test]
async fn a_replica_without_the_lease_wakes_the_one_that_has_it() {
    let server = mesh_testkit::postgres().await;
    let mut world = World::on(&server).await;
    let holder_bus = Arc::new(Meddler::new(world.bus.clone()));
    let _holder = start_with(&mut world, &holder_bus);
    let first = world.tell(TASK, 1..=1).await;
    world.expect_on_the_bus(&first).await;

    let other = EventLog::new(world.database.clone(), "task-svc");
    let other_bus = Arc::new(Meddler::new(world.bus.clone()));
    let relay = Relay::new(other.clone(), other_bus.clone(), Arc::new(FakeClock::default()), QUICK);
    let _other = world.start(|stop| async move { relay.run(stop).await });
    let event = world.event(TASK, 2);
    let transaction = world.database.begin().await.expect("a transaction begins");
    other.append(&transaction, std::slice::from_ref(&event)).await.expect("it is appended");
    mesh_store::commit(transaction).await.expect("it commits");
    other.committed();
    world.expect_on_the_bus(&[first[0], event.id]).await;
    eventually(async || other_bus.signalled.load(Ordering::SeqCst) > 0).await;
    assert_eq!(other_bus.published.load(Ordering::SeqCst), 0);
}
