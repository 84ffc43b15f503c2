//! Events become entries: all of them, once, each at its place.

use std::collections::BTreeMap;

use audit_svc::{
    app::App,
    events::Recorder,
    store::{Store, migrations},
};
use mesh_events::{Effect, Envelope, Foreign, Position};
use mesh_proto::audit::v1::{AuditOutcome, ListEntityEventsRequest};
use mesh_store::Sql;
use mesh_testkit::{FakeClock, TestDatabase, TestUser};
use prost_types::value::Kind;

use crate::world::{World, event, event_of, fresh_id};

mesh_testkit::on_both_databases!(
    an_event_is_recorded_with_everything_it_tells,
    an_event_that_comes_again_is_recorded_once_for_ever,
    places_are_dense_in_every_workspace,
    two_replicas_give_no_place_twice,
    an_event_of_a_type_that_is_not_known_is_kept_as_it_came,
    an_event_whose_body_is_broken_is_kept_as_it_came,
    text_that_a_database_would_refuse_is_recorded,
    a_message_that_is_no_event_is_kept_beside_the_record,
);

async fn an_event_is_recorded_with_everything_it_tells(database: TestDatabase) {
    let (world, user) = (World::new(database).await, TestUser::new());
    let told = event_of(user.workspace(), fresh_id(), 2);
    world.publish(std::slice::from_ref(&told)).await;
    let recorded = world.record_of(&user, 1).await.remove(0);
    assert_eq!(recorded.id, told.id.to_string());
    assert_eq!((recorded.workspace_id, recorded.sequence), (user.workspace().to_string(), 0));
    assert_eq!((recorded.entity_type.as_str(), recorded.entity_id), ("task", told.aggregate_id.to_string()));
    assert_eq!((recorded.entity_version, recorded.action.as_str()), (2, "updated"));
    assert_eq!((recorded.outcome, recorded.source.as_str()), (AuditOutcome::Success.into(), "task-svc"));
    assert_eq!(recorded.trace_id, "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(recorded.event_type, "taskmesh.event.v1.TaskChanged");
    let actor = recorded.actor.expect("an actor");
    assert_eq!((actor.user_id, actor.service), (told.actor.user_id.to_string(), "scheduler-svc".to_owned()));
    assert_eq!((actor.token_id.as_str(), actor.client_address.as_str()), ("token", "192.0.2.1"));
    assert_eq!(actor.user_agent, "curl/8 🎈");
    let time = recorded.event_time.expect("a time");
    assert_eq!((time.seconds, time.nanos), (1_763_000_000, 123_456_000));
    assert!(recorded.record_time.is_some());
    let title = |part: &prost_types::Struct| match part.fields["title"].kind.clone() {
        Some(Kind::StringValue(title)) => title,
        other => panic!("no title but {other:?}"),
    };
    assert_eq!(title(&recorded.before.expect("it was another before")), "title 1");
    assert_eq!(title(&recorded.after.expect("it is one now")), "title 2");
    assert_eq!(recorded.changed_fields, ["title", "updateTime"]);
    assert!(recorded.raw_event.is_empty());
}

async fn an_event_that_comes_again_is_recorded_once_for_ever(database: TestDatabase) {
    const FORGET: Sql = Sql::both("DELETE FROM inbox");
    let (world, user) = (World::new(database).await, TestUser::new());
    let old: Vec<_> = (0..3).map(|_| event(user.workspace())).collect();
    world.publish(&old).await;
    world.record_of(&user, 3).await;
    // What the inbox knew is forgotten after three weeks.
    FORGET.run(world.database.connect().await.writer(), []).await.expect("the inbox is emptied");
    let world = world.behind_another_bus().await;
    let new = event(user.workspace());
    world.publish(&[old.as_slice(), std::slice::from_ref(&new)].concat()).await;
    let record = world.record_of(&user, 4).await;
    let ids: Vec<_> = record.iter().map(|event| event.id.clone()).collect();
    let expected: Vec<_> = old.iter().chain([&new]).map(|event| event.id.to_string()).collect();
    assert_eq!(ids, expected);
    assert_eq!(places(&record), [0, 1, 2, 3]);
}

async fn places_are_dense_in_every_workspace(database: TestDatabase) {
    let users: Vec<_> = (0..5).map(|_| TestUser::new()).collect();
    let world = World::new(database).await;
    let events: Vec<_> = (0..300).map(|number| event(users[number % 5].workspace())).collect();
    world.publish(&events).await;
    for user in &users {
        let record = world.record_of(user, 60).await;
        assert_eq!(places(&record), (0..60).collect::<Vec<_>>());
        let ids: Vec<_> = record.iter().map(|event| event.id.clone()).collect();
        let mine = events.iter().filter(|event| event.workspace_id == user.workspace());
        assert_eq!(ids, mine.map(|event| event.id.to_string()).collect::<Vec<_>>(), "in order of arrival");
    }
}

async fn two_replicas_give_no_place_twice(database: TestDatabase) {
    let users: Vec<_> = (0..3).map(|_| TestUser::new()).collect();
    let world = World::new(database).await;
    let _replica = world.replica().await;
    for _ in 0..20 {
        let events: Vec<_> = (0..30).map(|number| event(users[number % 3].workspace())).collect();
        world.publish(&events).await;
    }
    for user in &users {
        let record = world.record_of(user, 200).await;
        assert_eq!(places(&record), (0..200).collect::<Vec<_>>());
        let times: Vec<_> = record.iter().filter_map(|event| event.record_time).collect();
        assert!(times.is_sorted_by_key(|time| (time.seconds, time.nanos)), "time goes back in {times:?}");
    }
}

async fn an_event_of_a_type_that_is_not_known_is_kept_as_it_came(database: TestDatabase) {
    let (world, user) = (World::new(database).await, TestUser::new());
    let event_type = "taskmesh.event.v9.NotYet".to_owned();
    let strange = Envelope { event_type, entity: "thing".to_owned(), ..event(user.workspace()) };
    world.publish(std::slice::from_ref(&strange)).await;
    let recorded = world.record_of(&user, 1).await.remove(0);
    assert_eq!(recorded.raw_event, strange.payload);
    assert_eq!((recorded.entity_type.as_str(), recorded.event_type), ("thing", strange.event_type));
    assert_eq!((recorded.before, recorded.after), (None, None));
    let entity_id = strange.aggregate_id.to_string();
    let request = ListEntityEventsRequest { entity_type: "thing".to_owned(), entity_id, ..Default::default() };
    let history = world.client(&user).list_entity_events(request).await.expect("it has a history").into_inner();
    assert_eq!(history.events.len(), 1);
}

async fn an_event_whose_body_is_broken_is_kept_as_it_came(database: TestDatabase) {
    let (world, user) = (World::new(database).await, TestUser::new());
    let broken = Envelope { payload: vec![0xff; 9].into(), ..event(user.workspace()) };
    world.publish(&[broken, event(user.workspace())]).await;
    let record = world.record_of(&user, 2).await;
    assert_eq!(record[0].raw_event, vec![0xff; 9]);
    assert!(record[1].raw_event.is_empty(), "the next one is as ever");
}

async fn text_that_a_database_would_refuse_is_recorded(database: TestDatabase) {
    let (world, user) = (World::new(database).await, TestUser::new());
    let mut odd = event(user.workspace());
    odd.source = "nul\0 in \u{202e}source".to_owned();
    odd.actor.user_agent = Some("nul\0 in agent".to_owned());
    world.publish(&[odd]).await;
    let recorded = world.record_of(&user, 1).await.remove(0);
    assert_eq!(recorded.source, "nul\u{fffd} in \u{202e}source");
    assert_eq!(recorded.actor.expect("an actor").user_agent, "nul\0 in agent");
}

async fn a_message_that_is_no_event_is_kept_beside_the_record(database: TestDatabase) {
    const COUNT: Sql = Sql::both("SELECT count(*) AS count FROM foreign_message");
    let database = database.connect().await;
    database.migrate(migrations()).await.expect("the tables are made");
    let app = App::new(Store::new(database.clone()), std::sync::Arc::new(FakeClock::default()));
    let recorder = Recorder::new(std::sync::Arc::new(app));
    let foreign = Foreign {
        id: fresh_id(),
        position: Position { identity: "stream".to_owned(), sequence: 7 },
        subject: "tm.v1.odd".to_owned(),
        headers: vec![("x".to_owned(), "nul\0".to_owned())],
        reason: "header ce-id is missing".to_owned(),
        payload: vec![0, 255].into(),
    };
    for _ in 0..2 {
        let transaction = database.begin().await.expect("a transaction begins");
        recorder.foreign(&transaction, &foreign).await.expect("it is kept");
        transaction.commit().await.expect("it commits");
    }
    let row = COUNT.one(database.reader(), []).await.expect("it counts").expect("one row");
    assert_eq!(row.try_get::<i64>("", "count").expect("a number"), 1);
}

fn places(record: &[mesh_proto::audit::v1::AuditEvent]) -> Vec<i64> {
    let by_place: BTreeMap<_, _> = record.iter().map(|event| (event.sequence, &event.id)).collect();
    assert_eq!(by_place.len(), record.len(), "a place was given twice");
    record.iter().map(|event| event.sequence).collect()
}
