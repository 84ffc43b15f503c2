//! A reminder that fires is told once, for ever.

use std::time::Duration;

use mesh_events::dead_letters;
use mesh_testkit::{TestDatabase, eventually};
use notify_svc::startup::NAME;
use sea_orm::ConnectionTrait;

use crate::{
    reminders::{DUE, Reminder, again},
    support::{World, created, watching},
};

mesh_testkit::on_both_databases!(
    a_reminder_that_fires_is_in_the_inbox_and_on_the_stream,
    what_fires_late_is_marked_late,
    the_same_event_again_changes_nothing,
    the_whole_log_published_again_a_month_later_changes_nothing,
    a_dead_letter_replayed_a_week_later_tells_what_was_not_told,
    a_dead_letter_replayed_a_week_later_changes_nothing_that_is_known,
    an_event_that_cannot_be_read_does_not_hold_up_the_others,
);

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

async fn a_reminder_that_fires_is_in_the_inbox_and_on_the_stream(database: TestDatabase) {
    let world = World::on(database).await;
    let mut stream = watching(&mut world.client()).await;
    let reminder = Reminder::of(&world.user, "water the plants");
    world.tell(&[reminder.fires(2)]).await;
    let (told, _) = created(&mut stream).await;
    assert_eq!((told.title.as_str(), told.category, told.version), ("water the plants", 10, 1));
    assert_eq!(told.user_id, world.user.id().to_string());
    assert_eq!(told.workspace_id, world.user.workspace().to_string());
    assert_eq!(told.task_id, Some(reminder.task_id.to_string()));
    assert_eq!(told.reminder_id, Some(reminder.id.to_string()));
    let (seconds, _) = DUE.to_parts();
    assert_eq!(told.event_time.map(|time| time.seconds), Some(seconds + 2));
    assert!(told.seen_time.is_none() && told.read_time.is_none() && told.withdraw_time.is_none());
    assert!(!told.etag.is_empty() && !told.late && !told.urgent);
    assert_eq!(world.inbox(1).await, [told]);
}

async fn what_fires_late_is_marked_late(database: TestDatabase) {
    let world = World::on(database).await;
    world.tell(&[Reminder::of(&world.user, "after a long night").fires_late(2)]).await;
    assert!(world.the_one(|_| true).await.late);
}

async fn the_same_event_again_changes_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let fires = Reminder::of(&world.user, "once").fires(2);
    world.tell(&[fires.clone(), fires.clone(), again(&fires)]).await;
    world.the_one(|_| true).await;
    world.tell(&[again(&fires), Reminder::of(&world.user, "marker").fires(2)]).await;
    let all = world.inbox(2).await;
    assert_eq!(all.iter().map(|it| it.version).collect::<Vec<_>>(), [1, 1]);
}

async fn the_whole_log_published_again_a_month_later_changes_nothing(database: TestDatabase) {
    let mut world = World::on(database).await;
    let (moved, stays) = (Reminder::of(&world.user, "moved"), Reminder::of(&world.user, "stays"));
    let log = [moved.fires(2), moved.is_withdrawn(3), moved.is_restored(4), moved.fires(5), stays.fires(2)];
    world.tell(&log).await;
    let before = world.inbox(3).await;
    world.clock.advance(WEEK * 5);
    world.restart_on_an_empty_bus().await;
    // Housekeeping has forgotten, or will soon have, that these were ever seen.
    sql(&world, "DELETE FROM inbox").await;
    world.tell(&log).await;
    world.tell(&[Reminder::of(&world.user, "marker").fires(2)]).await;
    let after = world.inbox(4).await;
    assert_eq!(after[..3], before);
}

/// A refusal of the database is the event's fault, so it becomes a dead letter.
async fn refuse_titles(world: &World) {
    let text = match world.database.url().starts_with("postgres:") {
        true => "ALTER TABLE notification ADD CONSTRAINT refused CHECK (title <> 'refused')",
        false => {
            "CREATE TRIGGER refused BEFORE INSERT ON notification WHEN NEW.title = 'refused'
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        }
    };
    sql(world, text).await;
}

async fn take_titles_again(world: &World) {
    let text = match world.database.url().starts_with("postgres:") {
        true => "ALTER TABLE notification DROP CONSTRAINT refused",
        false => "DROP TRIGGER refused",
    };
    sql(world, text).await;
}

async fn sql(world: &World, text: &str) {
    world.database.connect().await.writer().execute_unprepared(text).await.expect("a statement of the test's");
}

async fn letters(world: &World) -> usize {
    dead_letters::list(&world.database.connect().await, NAME, None, 10).await.expect("a list").len()
}

async fn a_dead_letter_replayed_a_week_later_tells_what_was_not_told(database: TestDatabase) {
    let world = World::on(database).await;
    refuse_titles(&world).await;
    let (late, void) = (Reminder::of(&world.user, "refused"), Reminder::of(&world.user, "refused"));
    world.tell(&[late.fires(2), void.fires(2), Reminder::of(&world.user, "marker").fires(2)]).await;
    world.inbox(1).await;
    eventually(async || letters(&world).await == 2).await;
    world.tell(&[void.is_withdrawn(3)]).await;
    take_titles_again(&world).await;
    world.clock.advance(WEEK);
    let told = world.inbox(3).await;
    eventually(async || letters(&world).await == 0).await;
    let live = |reminder: &Reminder| {
        let id = Some(reminder.id.to_string());
        told.iter().any(|it| it.reminder_id == id && it.withdraw_time.is_none() && it.version == 1)
    };
    assert!(live(&late) && !live(&void), "{told:?}");
}

async fn a_dead_letter_replayed_a_week_later_changes_nothing_that_is_known(database: TestDatabase) {
    let world = World::on(database).await;
    refuse_titles(&world).await;
    let fires = Reminder::of(&world.user, "refused").fires(2);
    world.tell(std::slice::from_ref(&fires)).await;
    eventually(async || letters(&world).await == 1).await;
    take_titles_again(&world).await;
    world.tell(&[again(&fires)]).await;
    let told = world.the_one(|_| true).await;
    world.clock.advance(WEEK);
    let database = world.database.connect().await;
    dead_letters::replay(&database, NAME, fires.id, mesh_types::Clock::now(&world.clock)).await.expect("a replay");
    eventually(async || letters(&world).await == 0).await;
    assert_eq!(world.inbox(1).await, [told]);
}

async fn an_event_that_cannot_be_read_does_not_hold_up_the_others(database: TestDatabase) {
    let world = World::on(database).await;
    let mut broken = Reminder::of(&world.user, "broken").fires(2);
    broken.payload = vec![0xff, 0xff].into();
    let mut unknown = Reminder::of(&world.user, "of tomorrow").fires(2);
    unknown.event_type = "taskmesh.event.v9.ReminderSung".to_owned();
    world.tell(&[broken, unknown, Reminder::of(&world.user, "fine").fires(2)]).await;
    assert_eq!(world.the_one(|_| true).await.title, "fine");
    eventually(async || letters(&world).await == 2).await;
}
