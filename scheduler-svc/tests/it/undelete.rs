//! Reminders come out of the bin.

use mesh_proto::scheduler::v1::ReminderState;
use mesh_testkit::{TestDatabase, TestUser};
use tonic::Code;

use crate::{
    follow::{comes_to, complete, reopen},
    support::{HOUR, World, deletion, offset, proto_time, refused, remind, settled, snooze, undeletion},
    timers::fired,
    told::Log,
};

mesh_testkit::on_both_databases!(
    what_is_restored_fires_at_its_time,
    what_has_passed_meanwhile_does_not_fire,
    one_of_a_task_that_is_over_waits_for_the_task,
    undeleting_what_is_not_deleted_changes_nothing,
    nobody_else_restores_it,
    it_makes_not_more_than_a_hundred_of_a_task,
);

async fn what_is_restored_fires_at_its_time(database: TestDatabase) {
    let world = World::on(database).await;
    let (mut client, task) = (world.client(), world.task_due_in(HOUR).await);
    let reminder = remind(&mut client, &task, offset(0)).await;
    let put_off = remind(&mut client, &task, offset(0)).await;
    client.snooze_reminder(snooze(&put_off, 2 * HOUR)).await.expect("it is put off");
    for reminder in [&reminder, &put_off] {
        let deleted = client.delete_reminder(deletion(reminder)).await.expect("it is deleted").into_inner();
        assert_eq!((deleted.fire_time, deleted.snooze_until), (None, None));
    }
    let back = client.undelete_reminder(undeletion(&reminder)).await.expect("it is restored").into_inner();
    assert_eq!((back.state(), back.fire_time), (ReminderState::Scheduled, Some(proto_time(world.after(HOUR)))));
    assert_eq!((back.delete_time, back.version, back.change_id.is_empty()), (None, 3, false));
    let back = client.undelete_reminder(undeletion(&put_off)).await.expect("it is restored").into_inner();
    assert_eq!((back.state(), back.snooze_until), (ReminderState::Snoozed, Some(proto_time(world.after(2 * HOUR)))));
    world.clock.advance(HOUR);
    fired(&world, &reminder.id, 1).await;
    world.clock.advance(HOUR);
    fired(&world, &put_off.id, 1).await;
    let log = Log::of(&world).await;
    assert_eq!(log.verbs(&reminder.id).await, ["created", "deleted", "undeleted", "fired"]);
    let told = log.told(&reminder.id).await;
    assert_eq!(told[2].changed(), ["fire_time", "delete_time"]);
}

async fn what_has_passed_meanwhile_does_not_fire(database: TestDatabase) {
    let world = World::on(database).await;
    let (mut client, task) = (world.client(), world.task_due_in(HOUR).await);
    let [missed, told, to_come] = [
        remind(&mut client, &task, offset(0)).await,
        remind(&mut client, &task, offset(-3_000)).await,
        remind(&mut client, &task, offset(3_600)).await,
    ];
    client.delete_reminder(deletion(&missed)).await.expect("it is deleted");
    world.clock.advance(HOUR);
    fired(&world, &told.id, 1).await;
    client.delete_reminder(deletion(&told)).await.expect("it is deleted");
    let back = client.undelete_reminder(undeletion(&missed)).await.expect("it is restored").into_inner();
    assert_eq!((back.state(), back.fire_time, back.delete_time), (ReminderState::Withdrawn, None, None));
    let back = client.undelete_reminder(undeletion(&told)).await.expect("it is restored").into_inner();
    assert_eq!((back.state(), back.fire_time, back.fire_count), (ReminderState::Dismissed, None, 1));
    world.clock.advance(HOUR);
    fired(&world, &to_come.id, 1).await;
    assert_eq!(Log::of(&world).await.verbs(&missed.id).await, ["created", "deleted", "undeleted"]);
}

async fn one_of_a_task_that_is_over_waits_for_the_task(database: TestDatabase) {
    let world = World::on(database).await;
    let (mut client, task) = (world.client(), world.task_due_in(HOUR).await);
    let reminder = remind(&mut client, &task, offset(0)).await;
    let other = remind(&mut client, &task, offset(0)).await;
    client.delete_reminder(deletion(&reminder)).await.expect("it is deleted");
    complete(&world, &task).await;
    comes_to(&world, &other, ReminderState::Withdrawn).await;
    let back = client.undelete_reminder(undeletion(&reminder)).await.expect("it is restored").into_inner();
    assert_eq!((back.state(), back.fire_time), (ReminderState::Withdrawn, None));
    reopen(&world, &task).await;
    let back = comes_to(&world, &reminder, ReminderState::Scheduled).await;
    assert_eq!(back.fire_time, Some(proto_time(world.after(HOUR))));
}

async fn undeleting_what_is_not_deleted_changes_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let (mut client, task) = (world.client(), world.task_due_in(HOUR).await);
    let reminder = remind(&mut client, &task, offset(0)).await;
    let same = client.undelete_reminder(undeletion(&reminder)).await.expect("it is there").into_inner();
    assert_eq!(same, settled(reminder.clone()));
    let mut stale = undeletion(&reminder);
    stale.etag = "another".to_owned();
    refused(client.undelete_reminder(stale).await, Code::Aborted, "ETAG_MISMATCH");
}

async fn nobody_else_restores_it(database: TestDatabase) {
    let world = World::on(database).await;
    let reminder = remind(&mut world.client(), &world.task_due_in(HOUR).await, offset(0)).await;
    world.client().delete_reminder(deletion(&reminder)).await.expect("it is deleted");
    let stranger = world.client_of(&TestUser::new()).undelete_reminder(undeletion(&reminder)).await;
    refused(stranger, Code::NotFound, "RESOURCE_NOT_FOUND");
}

async fn it_makes_not_more_than_a_hundred_of_a_task(database: TestDatabase) {
    let world = World::on(database).await;
    let (mut client, task) = (world.client(), world.task_due_in(HOUR).await);
    let reminder = remind(&mut client, &task, offset(0)).await;
    client.delete_reminder(deletion(&reminder)).await.expect("it is deleted");
    for _ in 0..100 {
        remind(&mut client, &task, offset(0)).await;
    }
    let status = client.undelete_reminder(undeletion(&reminder)).await;
    refused(status, Code::ResourceExhausted, "QUOTA_EXCEEDED");
}
