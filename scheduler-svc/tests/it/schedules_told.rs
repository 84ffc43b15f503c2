//! What happened to a schedule is told: one event for each version.

use mesh_proto::{event::v1::ScheduleChanged, scheduler::v1::ScheduleState};
use mesh_store::Sql;
use mesh_testkit::{TestDatabase, eventually};
use mesh_types::Actor;
use prost::Message;
use uuid::Uuid;

use crate::schedules_world::ScheduleWorld;

mesh_testkit::on_both_databases!(each_version_is_told_with_what_changed);

struct Told {
    verb: String,
    version: i64,
    actor: Actor,
    body: ScheduleChanged,
}

async fn told(world: &ScheduleWorld, id: &str) -> Vec<Told> {
    const TOLD: Sql = Sql::both(
        "SELECT verb, version, actor, payload FROM event_log
         WHERE entity = 'schedule' AND aggregate_id = $1 ORDER BY seq",
    );
    let id: Uuid = id.parse().expect("an id");
    let rows = TOLD.all(world.database().await.reader(), [id.into()]).await.expect("the log can be read");
    let read = |row: &sea_orm::QueryResult| {
        let payload: Vec<u8> = row.try_get("", "payload").expect("a payload");
        let actor: String = row.try_get("", "actor").expect("an actor");
        Told {
            verb: row.try_get("", "verb").expect("a verb"),
            version: row.try_get("", "version").expect("a version"),
            actor: serde_json::from_str(&actor).expect("an actor"),
            body: ScheduleChanged::decode(payload.as_slice()).expect("a body"),
        }
    };
    rows.iter().map(read).collect()
}

async fn each_version_is_told_with_what_changed(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let id = world.scheduled(&task, "FREQ=DAILY;COUNT=2").await.id;
    world.complete(&task.id).await;
    let second = world.tasks_when(&id, 2).await.remove(1);
    world.pause(&id).await;
    world.pause(&id).await;
    world.resume(&id).await;
    world.complete(&second.id).await;
    eventually(async || world.get(&id).await.state() == ScheduleState::Ended).await;

    let told = told(&world, &id).await;
    let verbs: Vec<(&str, i64)> = told.iter().map(|told| (told.verb.as_str(), told.version)).collect();
    assert_eq!(verbs, [("created", 1), ("planned", 2), ("paused", 3), ("resumed", 4), ("ended", 5)]);
    let changed = |index: usize| told[index].body.changed.clone().unwrap_or_default().paths;
    assert_eq!(changed(1), ["next_occurrence", "next_time", "planned_count"]);
    assert_eq!(changed(2), ["state", "pause_time"]);
    assert_eq!(changed(4), ["state", "end_time"]);
    let before = told[1].body.before.as_ref().expect("it was there before");
    assert_eq!((before.planned_count, before.next_occurrence()), (1, "2026-10-20T09:00:00"));
    assert_eq!(told[4].body.after.as_ref(), Some(&world.get(&id).await));
    let by: Vec<Option<&str>> = told.iter().map(|told| told.actor.service.as_deref()).collect();
    assert_eq!(by, [None, Some("scheduler-svc"), None, None, Some("scheduler-svc")]);
    assert!(told.iter().all(|told| told.actor.user_id == world.user.id()));
}
