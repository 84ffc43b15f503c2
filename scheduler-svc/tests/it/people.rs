//! Reminders of whole days follow their people: where they live, and when their day begins.

use mesh_events::Envelope;
use mesh_proto::{
    auth::v1::User,
    event::v1::UserChanged,
    scheduler::v1::{Reminder, ReminderState},
    task::v1::{Task, TaskTime, task_time::Value},
};
use mesh_testkit::{TestDatabase, eventually};
use mesh_types::{Actor, Clock, SystemClock, new_id};
use prost::Message;

use crate::{
    follow::until,
    schedules_world::{at as instant, shown},
    support::{SECOND, World, create_task, get, list_all, offset, remind, settled, titled},
    timers::fired,
    told::Log,
};

mesh_testkit::on_both_databases!(
    a_person_who_moves_takes_whole_days_along,
    a_day_that_begins_in_a_gap_takes_the_offset_before_it,
    somebody_of_whom_nothing_is_known_counts_as_the_task_does_until_they_say_more,
    what_fired_stays_fired_when_its_person_moves,
    an_old_event_that_comes_again_and_one_of_something_else_change_nothing,
    what_is_made_with_an_older_token_counts_as_the_person_does_now,
    more_than_one_batch_follows,
);

/// What an account says of its person's days.
#[derive(Clone, Copy)]
struct Day {
    zone: &'static str,
    start: &'static str,
}

const BERLIN: Day = Day { zone: "Europe/Berlin", start: "" };
const KIRITIMATI: Day = Day { zone: "Pacific/Kiritimati", start: "06:15" };

/// What the gateway tells when the world's user has changed these fields of their account.
fn account_event(world: &World, version: i64, day: Day, changed: &[&str]) -> Envelope {
    let told = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let after = User { time_zone: told(day.zone), day_start: told(day.start), ..User::default() };
    let paths = changed.iter().map(|&path| path.to_owned()).collect();
    let body = UserChanged {
        after: Some(after),
        before: Some(User::default()),
        changed: Some(prost_types::FieldMask { paths }),
    };
    let user_id = world.user.id();
    Envelope {
        id: new_id(SystemClock.now()),
        source: "gateway".to_owned(),
        time: world.clock.now(),
        workspace_id: world.user.workspace(),
        entity: "user".to_owned(),
        aggregate_id: user_id.0,
        epoch: 1,
        version,
        verb: "updated".to_owned(),
        event_type: "taskmesh.event.v1.UserChanged".to_owned(),
        actor: Actor { user_id, service: None, token_id: None, client_address: None, user_agent: None },
        trace_parent: None,
        payload: body.encode_to_vec().into(),
    }
}

async fn tell(world: &World, event: Envelope) {
    assert_eq!(world.bus.publish(&[event]).await.expect("the bus takes it"), 1);
}

/// The world's user lives there from now on.
async fn moves(world: &World, version: i64, day: Day) {
    tell(world, account_event(world, version, day, &["time_zone", "day_start"])).await;
}

fn whole_day(text: &str, zone: &str) -> TaskTime {
    TaskTime { value: Some(Value::Date(text.to_owned())), time_zone: zone.to_owned() }
}

async fn task_on(world: &World, day: &str) -> Task {
    create_task(&mut world.tasks(), Task { due: Some(whole_day(day, "")), ..titled("a day") }).await
}

async fn comes_to_fire_at(world: &World, reminder: &Reminder, time: &str) -> Reminder {
    let now = until(world, reminder, |now| now.fire_time.is_some_and(|at| shown(Some(&at)) == time)).await;
    assert_eq!(now.state(), ReminderState::Scheduled);
    now
}

async fn a_person_who_moves_takes_whole_days_along(database: TestDatabase) {
    let mut world = World::on(database).await;
    world.user = world.user.clone().in_zone("Europe/Berlin");
    let task = task_on(&world, "2026-01-05").await;
    let reminder = remind(&mut world.client(), &task, offset(0)).await;
    assert_eq!(shown(reminder.fire_time.as_ref()), "2026-01-05T08:00:00Z");
    let timed = world.task_due_in(SECOND * 864_000).await;
    let timed = remind(&mut world.client(), &timed, offset(0)).await;

    moves(&world, 2, KIRITIMATI).await;
    let moved = comes_to_fire_at(&world, &reminder, "2026-01-04T16:15:00Z").await;
    assert_eq!(moved.version, 2);
    let log = Log::of(&world).await;
    let told = log.told(&reminder.id).await.pop().expect("something was told");
    assert_eq!((told.verb.as_str(), told.changed()), ("rescheduled", vec!["fire_time".to_owned()]));
    assert!(told.actor.contains(&reminder.user_id), "{}", told.actor);
    world.clock.set(instant("2026-01-04T16:15:00Z"));
    assert_eq!(fired(&world, &reminder.id, 1).await.fire_count, 1);
    assert_eq!(
        get(&mut world.client(), &timed.id).await,
        settled(timed),
        "an instant is an instant wherever one lives"
    );
}

async fn a_day_that_begins_in_a_gap_takes_the_offset_before_it(database: TestDatabase) {
    let mut world = World::on(database).await;
    world.user = world.user.clone().in_zone("Africa/Cairo").beginning_at("00:30");
    // Cairo springs forward at midnight.
    let task = task_on(&world, "2026-04-24").await;
    let reminder = remind(&mut world.client(), &task, offset(0)).await;
    assert_eq!(shown(reminder.fire_time.as_ref()), "2026-04-23T22:30:00Z");
    // Half past one is the same instant by the clocks that have changed: nothing to tell of.
    moves(&world, 2, Day { zone: "Africa/Cairo", start: "01:30" }).await;
    moves(&world, 3, Day { zone: "Africa/Cairo", start: "02:00" }).await;
    comes_to_fire_at(&world, &reminder, "2026-04-23T23:00:00Z").await;
    assert_eq!(Log::of(&world).await.verbs(&reminder.id).await, ["created", "rescheduled"]);
}

async fn somebody_of_whom_nothing_is_known_counts_as_the_task_does_until_they_say_more(database: TestDatabase) {
    let world = World::on(database).await;
    let due = Some(whole_day("2026-01-05", "Asia/Tokyo"));
    let task = create_task(&mut world.tasks(), Task { due, ..titled("a day in Tokyo") }).await;
    let in_tokyo = remind(&mut world.client(), &task, offset(0)).await;
    assert_eq!(shown(in_tokyo.fire_time.as_ref()), "2026-01-05T00:00:00Z");
    let in_utc = remind(&mut world.client(), &task_on(&world, "2026-01-05").await, offset(0)).await;
    assert_eq!(shown(in_utc.fire_time.as_ref()), "2026-01-05T09:00:00Z");
    moves(&world, 2, BERLIN).await;
    for reminder in [&in_tokyo, &in_utc] {
        comes_to_fire_at(&world, reminder, "2026-01-05T08:00:00Z").await;
    }
}

async fn what_fired_stays_fired_when_its_person_moves(database: TestDatabase) {
    let mut world = World::on(database).await;
    world.user = world.user.clone().in_zone("Pacific/Kiritimati");
    let told = remind(&mut world.client(), &task_on(&world, "2026-01-02").await, offset(0)).await;
    let to_come = remind(&mut world.client(), &task_on(&world, "2026-01-03").await, offset(0)).await;
    world.clock.set(instant("2026-01-01T19:00:00Z"));
    let told = fired(&world, &told.id, 1).await;
    moves(&world, 2, BERLIN).await;
    comes_to_fire_at(&world, &to_come, "2026-01-03T08:00:00Z").await;
    assert_eq!(get(&mut world.client(), &told.id).await, told);
}

async fn an_old_event_that_comes_again_and_one_of_something_else_change_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let reminder = remind(&mut world.client(), &task_on(&world, "2026-01-05").await, offset(0)).await;
    moves(&world, 2, KIRITIMATI).await;
    moves(&world, 3, BERLIN).await;
    let settled = comes_to_fire_at(&world, &reminder, "2026-01-05T08:00:00Z").await;
    moves(&world, 2, KIRITIMATI).await;
    tell(&world, account_event(&world, 4, KIRITIMATI, &["display_name"])).await;
    // A task that came after is followed by the same consumer, so both were looked at.
    let marker = task_on(&world, "2026-01-07").await;
    let after_it = remind(&mut world.client(), &marker, offset(0)).await;
    world.move_due(&marker, Some(whole_day("2026-01-08", ""))).await;
    comes_to_fire_at(&world, &after_it, "2026-01-08T08:00:00Z").await;
    assert_eq!(get(&mut world.client(), &reminder.id).await, settled);
}

async fn what_is_made_with_an_older_token_counts_as_the_person_does_now(database: TestDatabase) {
    let mut world = World::on(database).await;
    world.user = world.user.clone().in_zone("Asia/Tokyo");
    let task = task_on(&world, "2026-01-05").await;
    let before = remind(&mut world.client(), &task, offset(0)).await;
    moves(&world, 2, BERLIN).await;
    comes_to_fire_at(&world, &before, "2026-01-05T08:00:00Z").await;
    let reminder = remind(&mut world.client(), &task, offset(0)).await;
    assert_eq!(shown(reminder.fire_time.as_ref()), "2026-01-05T08:00:00Z");
}

async fn more_than_one_batch_follows(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    for _ in 0..105 {
        remind(&mut client, &task_on(&world, "2026-01-05").await, offset(0)).await;
    }
    moves(&world, 2, BERLIN).await;
    eventually(async || {
        let reminders = list_all(&mut client.clone()).await;
        let behind = reminders.iter().filter(|reminder| shown(reminder.fire_time.as_ref()) != "2026-01-05T08:00:00Z");
        match behind.count() {
            0 => Ok(()),
            some => Err(some),
        }
    })
    .await;
}
