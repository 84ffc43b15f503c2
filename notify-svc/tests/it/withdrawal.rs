//! What a reminder told is told no more when its cause is gone.

use mesh_proto::notify::v1::{ListNotificationsRequest, stream_notifications_response::Event};
use mesh_testkit::TestDatabase;

use crate::{
    reminders::Reminder,
    support::{World, change, created, page, watching},
};

mesh_testkit::on_both_databases!(
    a_withdrawal_withdraws_what_was_told,
    a_withdrawal_that_comes_first_is_remembered,
    a_change_of_anything_else_leaves_what_was_told,
    a_reminder_that_fires_again_is_told_again,
);

async fn a_withdrawal_withdraws_what_was_told(database: TestDatabase) {
    let world = World::on(database).await;
    let mut stream = watching(&mut world.client()).await;
    let reminder = Reminder::of(&world.user, "pay the rent");
    world.tell(&[reminder.fires(2)]).await;
    let (told, _) = created(&mut stream).await;
    world.tell(&[reminder.is_withdrawn(3)]).await;
    let Event::Withdrawn(gone) = change(&mut stream).await.0 else { panic!("a withdrawal") };
    assert_eq!((gone.id, gone.version), (told.id.clone(), 2));
    let listed = page(&mut world.client(), ListNotificationsRequest::default()).await;
    assert_eq!((listed.notifications, listed.unread_count, listed.unseen_count), (Vec::new(), 0, 0));
    let kept = &world.inbox(1).await[0];
    assert!(kept.id == told.id && kept.withdraw_time.is_some());
}

async fn a_withdrawal_that_comes_first_is_remembered(database: TestDatabase) {
    let world = World::on(database).await;
    let mut stream = watching(&mut world.client()).await;
    let (reminder, marker) = (Reminder::of(&world.user, "too late"), Reminder::of(&world.user, "marker"));
    world.tell(&[reminder.is_withdrawn(3)]).await;
    world.tell(&[marker.fires(2)]).await;
    created(&mut stream).await;
    world.tell(&[reminder.fires(2)]).await;
    let Event::Withdrawn(gone) = change(&mut stream).await.0 else { panic!("it was never told") };
    assert_eq!(gone.version, 1);
    let listed = page(&mut world.client(), ListNotificationsRequest::default()).await;
    assert_eq!(listed.notifications.iter().map(|it| it.title.as_str()).collect::<Vec<_>>(), ["marker"]);
}

async fn a_change_of_anything_else_leaves_what_was_told(database: TestDatabase) {
    let world = World::on(database).await;
    let reminder = Reminder::of(&world.user, "stays");
    let changes = reminder.changes(3, "updated", &["channel_ids", "carry_over"]);
    world.tell(&[reminder.fires(2), changes, Reminder::of(&world.user, "marker").fires(2)]).await;
    let all = world.inbox(2).await;
    assert!(all.iter().all(|it| it.version == 1 && it.withdraw_time.is_none()), "{all:?}");
}

async fn a_reminder_that_fires_again_is_told_again(database: TestDatabase) {
    let world = World::on(database).await;
    let reminder = Reminder::of(&world.user, "again and again");
    world.tell(&[reminder.fires(2), reminder.fires(3), reminder.changes(4, "snoozed", &["state", "fire_time"])]).await;
    world.tell(&[reminder.fires(5)]).await;
    let all = world.inbox(3).await;
    assert_eq!(all.len(), 3);
    assert_eq!(all.iter().filter(|it| it.withdraw_time.is_none()).count(), 1);
}
