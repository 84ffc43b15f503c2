//! Several replicas on one database: each reminder fires once, whoever holds it, whoever goes.

use std::time::Duration;

use mesh_proto::scheduler::v1::Reminder;
use mesh_testkit::eventually;
use tokio::runtime::Runtime;

use crate::{
    support::{HOUR, MINUTE, Replica, SECOND, World, at, deletion, get, offset, remind, snooze, update},
    timers::fired,
    told::Log,
};

#[tokio::test]
async fn what_is_changed_through_another_replica_does_not_fire_at_the_old_time() {
    let world = World::on(mesh_testkit::postgres().await).await;
    let another = world.another().await;
    let (mut here, mut there) = (world.client(), another.client(&world.user));
    let task = world.task_due_in(10 * SECOND).await;
    // Near, so that the replica that makes them holds them.
    let moved = remind(&mut here, &task, offset(0)).await;
    let snoozed = remind(&mut here, &task, offset(0)).await;
    let deleted = remind(&mut here, &task, offset(0)).await;
    world.clock.advance(9 * SECOND);
    let later = Reminder { id: moved.id.clone(), ..at(world.after(HOUR)) };
    there.update_reminder(update(later, &["at"])).await.expect("it is moved");
    there.snooze_reminder(snooze(&snoozed, MINUTE)).await.expect("it is snoozed");
    there.delete_reminder(deletion(&deleted)).await.expect("it is deleted");
    // Held by the same replica and due after the three: they had their chance when it has fired.
    let last = remind(&mut here, &task, at(world.after(2 * SECOND))).await;
    world.clock.advance(2 * SECOND);
    fired(&world, &last.id, 1).await;
    let log = Log::of(&world).await;
    assert_eq!(log.fired().await, (1, 1));
    world.clock.advance(MINUTE);
    fired(&world, &snoozed.id, 1).await;
    world.clock.advance(HOUR);
    fired(&world, &moved.id, 1).await;
    assert_eq!(get(&mut here, &deleted.id).await.fire_count, 0);
}

#[tokio::test]
async fn what_a_replica_held_that_stopped_is_fired_by_another() {
    let world = World::on(mesh_testkit::postgres().await).await;
    let another = world.another().await;
    let task = world.task_due_in(10 * SECOND).await;
    let reminder = remind(&mut another.client(&world.user), &task, offset(0)).await;
    another.stop().await;
    world.clock.advance(10 * SECOND);
    fired(&world, &reminder.id, 1).await;
    assert_eq!(Log::of(&world).await.fired().await, (1, 1));
}

/// A replica with threads of its own, which can be killed.
struct Mortal {
    runtime: Option<Runtime>,
    _replica: Replica,
}

impl Mortal {
    async fn start(world: &World) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime starts");
        let kit = world.kit();
        let replica = runtime.spawn(async move { Replica::start(&kit).await }).await.expect("it starts");
        Self { runtime: Some(runtime), _replica: replica }
    }

    /// Ends it wherever it is.
    fn kill(mut self) {
        self.runtime.take().expect("it lives").shutdown_background();
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_at_once_fire_once_each_though_a_replica_dies() {
    const COUNT: i64 = 10_000;
    let mut world = World::stopped(mesh_testkit::postgres().await).await;
    world.config.timers.lease_ms = 1_000;
    world.config.timers.batch = 200;
    let mut replicas = Vec::new();
    for _ in 0..3 {
        replicas.push(Mortal::start(&world).await);
    }
    let log = Log::of(&world).await;
    log.fill(&world, COUNT, world.after(20 * SECOND)).await;
    eventually(async || log.unheld().await == 0).await;
    let started = std::time::Instant::now();
    world.clock.advance(20 * SECOND);
    eventually(async || log.fired().await.0 >= COUNT / 4).await;
    let killed_at = log.fired().await.0;
    replicas.pop().expect("a replica").kill();
    let (reminders, times) = eventually(async || Some(log.fired().await).filter(|(count, _)| *count >= COUNT)).await;
    assert_eq!((reminders, times), (COUNT, COUNT), "one was killed after {killed_at}");
    assert!(started.elapsed() < Duration::from_secs(60));
}
