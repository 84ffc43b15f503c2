//! Snoozing until a time as people say it.

use mesh_proto::scheduler::v1::{ReminderState, SnoozePreset, SnoozeReminderRequest};
use mesh_testkit::TestDatabase;

use crate::{
    schedules_world::{at as instant, shown},
    support::{HOUR, World, offset, remind},
    timers::fired,
};

mesh_testkit::on_both_databases!(
    snoozing_till_the_morning_goes_by_the_persons_zone_and_day,
    what_is_snoozed_till_the_evening_fires_then,
);

async fn until(world: &World, id: &str, preset: SnoozePreset) -> String {
    let preset = Some(preset.into());
    let request = SnoozeReminderRequest { id: id.to_owned(), preset, ..SnoozeReminderRequest::default() };
    let snoozed = world.client().snooze_reminder(request).await.expect("it is put off").into_inner();
    assert_eq!((snoozed.state(), snoozed.snooze_until), (ReminderState::Snoozed, snoozed.fire_time));
    shown(snoozed.fire_time.as_ref())
}

async fn snoozing_till_the_morning_goes_by_the_persons_zone_and_day(database: TestDatabase) {
    let mut world = World::on(database).await;
    let id = remind(&mut world.client(), &world.task_due_in(HOUR).await, offset(0)).await.id;
    // It is midnight in UTC at the beginning of 2026-01-01, a Thursday.
    assert_eq!(until(&world, &id, SnoozePreset::TomorrowMorning).await, "2026-01-02T09:00:00Z");
    world.user = world.user.clone().in_zone("America/New_York").beginning_at("07:30");
    // Where it is still Wednesday evening.
    assert_eq!(until(&world, &id, SnoozePreset::TomorrowMorning).await, "2026-01-01T12:30:00Z");
    assert_eq!(until(&world, &id, SnoozePreset::NextWeek).await, "2026-01-05T12:30:00Z");
    assert_eq!(until(&world, &id, SnoozePreset::ThisEvening).await, "2026-01-01T23:00:00Z");
}

async fn what_is_snoozed_till_the_evening_fires_then(database: TestDatabase) {
    let world = World::on(database).await;
    let id = remind(&mut world.client(), &world.task_due_in(HOUR).await, offset(0)).await.id;
    world.clock.advance(HOUR);
    fired(&world, &id, 1).await;
    assert_eq!(until(&world, &id, SnoozePreset::ThisEvening).await, "2026-01-01T18:00:00Z");
    world.clock.set(instant("2026-01-01T18:00:00Z"));
    fired(&world, &id, 2).await;
}
