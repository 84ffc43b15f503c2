//! Several replicas share the events of reminders.

use mesh_events::Envelope;
use mesh_testkit::eventually;

use crate::{
    reminders::{Reminder, again},
    support::World,
};

/// Firings and withdrawals of the same reminders are handled at the same time by replicas that cannot see each other's
/// transactions: all the same nothing void is left.
#[tokio::test]
async fn what_replicas_take_at_the_same_time_adds_up() {
    let world = World::on(mesh_testkit::postgres().await).await;
    let _others = (world.replica().await, world.replica().await);
    let reminders: Vec<Reminder> = (0..600).map(|_| Reminder::of(&world.user, "shared")).collect();
    let (mut fired, mut withdrawn): (Vec<Envelope>, Vec<Envelope>) =
        reminders.iter().map(|reminder| (reminder.fires(2), reminder.is_withdrawn(3))).unzip();
    fired.extend(fired.iter().map(again).collect::<Vec<_>>());
    // Out of step, so that the two of a reminder fall into different batches.
    withdrawn.rotate_left(150);
    let mixed = fired.chunks(2).zip(withdrawn.chunks(1)).flat_map(|(fired, withdrawn)| [fired, withdrawn].concat());
    let mixed: Vec<Envelope> = mixed.collect();
    world.tell(&mixed).await;
    world.tell(&[Reminder::of(&world.user, "marker").fires(2)]).await;
    eventually(async || {
        let inbox = world.inbox(601).await;
        let live: Vec<_> = inbox.iter().filter(|it| it.withdraw_time.is_none()).map(|it| it.title.clone()).collect();
        if live == ["marker"] { Ok(()) } else { Err(live.len()) }
    })
    .await;
    assert_eq!(world.inbox(601).await.len(), 601);
}
