//! Everybody at once: owners put off, tasks move and close, timers fire, on two replicas. Whatever the order, each reminder's
//! events count its versions without a gap, and it fired as often as it says.

use futures::future::{join, join_all};
use mesh_proto::{
    scheduler::v1::Reminder,
    task::v1::{CompleteTaskRequest, ReopenTaskRequest, Task},
};
use mesh_testkit::eventually;
use tonic::Code;

use crate::{
    support::{Client, MINUTE, SECOND, World, instant, list_all, offset, remind, snooze},
    told::Log,
};

const ROUNDS: u32 = 6;

#[tokio::test]
async fn whatever_happens_at_once_happens_once() {
    let world = World::on(mesh_testkit::postgres().await).await;
    let another = world.another().await;
    let (mut tasks, mut reminders) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        let task = world.task_due_in(SECOND).await;
        for _ in 0..3 {
            reminders.push(remind(&mut world.client(), &task, offset(0)).await);
        }
        tasks.push(task);
    }
    for round in 0..ROUNDS {
        world.clock.advance(SECOND);
        let here = join_all(reminders.iter().map(|reminder| put_off(world.client(), reminder)));
        let there = join_all(reminders.iter().map(|reminder| put_off(another.client(&world.user), reminder)));
        let moves = join_all(tasks.iter().enumerate().map(|(place, task)| meddle(&world, task, place as u32 + round)));
        join(join(here, there), moves).await;
    }
    world.clock.advance(MINUTE);
    let log = Log::of(&world).await;
    for reminder in quiet(&world).await {
        let told = log.told(&reminder.id).await;
        let versions: Vec<_> = told.iter().map(|told| told.version).collect();
        assert_eq!(versions, (1..=reminder.version).collect::<Vec<_>>());
        let fired = told.iter().filter(|told| told.verb == "fired").count();
        assert_eq!(fired, usize::try_from(reminder.fire_count).expect("a count"));
    }
}

/// Puts a reminder off by a second. It may stand where that cannot be.
async fn put_off(mut client: Client, reminder: &Reminder) {
    if let Err(status) = client.snooze_reminder(snooze(reminder, SECOND)).await {
        assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
    }
}

/// Moves, closes or reopens a task.
async fn meddle(world: &World, task: &Task, turn: u32) {
    let mut client = world.tasks();
    let id = task.id.clone();
    let answer = match turn % 4 {
        0 => client.complete_task(CompleteTaskRequest { id, ..Default::default() }).await,
        1 | 2 => client.reopen_task(ReopenTaskRequest { id, ..Default::default() }).await,
        _ => return world.move_due(task, Some(instant(world.after(SECOND)))).await,
    };
    answer.expect("the task changes");
}

/// The reminders once nothing happens to them any more: the task service's events have all come, and nothing is due.
async fn quiet(world: &World) -> Vec<Reminder> {
    let (client, mut last, mut same) = (world.client(), Vec::new(), 0);
    eventually(async || {
        let now = list_all(&mut client.clone()).await;
        same = if now == last { same + 1 } else { 0 };
        last = now;
        (same == 20).then(|| last.clone())
    })
    .await
}
