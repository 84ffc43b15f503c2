//! The database of time zones has changed since the last start: what is to come moves to where its wall time is now.

use mesh_proto::scheduler::v1::{CreateReminderRequest, ListOccurrencesRequest, ListRemindersRequest, Reminder};
use mesh_store::Sql;
use mesh_testkit::{TestDatabase, eventually};
use mesh_types::tzdata_version;

use crate::schedules_world::{ScheduleWorld, shown};

mesh_testkit::on_both_databases!(what_is_to_come_follows_the_rules_of_its_zone,);

const HOUR_US: i64 = 3_600_000_000;

async fn what_is_to_come_follows_the_rules_of_its_zone(database: TestDatabase) {
    let mut world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-21T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=WEEKLY").await;
    let offset = Some(prost_types::Duration { seconds: -900, nanos: 0 });
    let reminder = Some(Reminder { offset, ..Reminder::default() });
    let request = CreateReminderRequest { reminder, task_id: task.id.clone(), ..CreateReminderRequest::default() };
    world.schedules().create_reminder(request).await.expect("it is created");
    world.stop().await;

    // As if all of it had been worked out when the zone was an hour off.
    let database = world.database().await;
    for text in [
        "UPDATE zone_data SET version = '1999a'",
        "UPDATE schedule SET next_us = next_us + $1",
        "UPDATE occurrence SET instant_us = instant_us + $1",
        "UPDATE reminder SET fire_us = fire_us + $1, base_us = base_us + $1",
        "UPDATE timer SET due_us = due_us + $1",
    ] {
        let values = text.contains("$1").then(|| HOUR_US.into());
        assert_eq!(Sql::both(text).run(database.writer(), values).await.expect("it is changed"), 1, "{text}");
    }

    world.restart().await;
    let next = eventually(async || {
        let next = shown(world.get(&schedule.id).await.next_time.as_ref());
        if next == "2026-10-28T08:00:00Z" { Ok(()) } else { Err(next) }
    });
    next.await;
    let request = ListOccurrencesRequest { id: schedule.id, page_size: 1, ..ListOccurrencesRequest::default() };
    let (occurrences, _) = world.occurrences(request).await;
    assert_eq!(shown(occurrences[0].instant.as_ref()), "2026-10-21T07:00:00Z");
    eventually(async || {
        let list =
            world.schedules().list_reminders(ListRemindersRequest::default()).await.expect("a page").into_inner();
        let fires = shown(list.reminders[0].fire_time.as_ref());
        if fires == "2026-10-21T06:45:00Z" { Ok(()) } else { Err(fires) }
    })
    .await;
    eventually(async || {
        let row =
            Sql::both("SELECT version FROM zone_data").one(database.reader(), []).await.expect("it can be read")?;
        let version: String = row.try_get("", "version").expect("a text");
        (version == tzdata_version()).then_some(())
    })
    .await;
}
