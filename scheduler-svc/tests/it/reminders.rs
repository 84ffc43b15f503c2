//! Reminders as their owner makes and changes them.

use mesh_proto::{
    scheduler::v1::{CreateReminderRequest, ListRemindersRequest, Reminder, ReminderAnchor, ReminderState},
    task::v1::{CompleteTaskRequest, DeleteTaskRequest, Task, TaskTime, task_time::Value},
};
use mesh_testkit::{TestDatabase, TestUser};
use mesh_types::{Clock, Role};
use tonic::Code;

use crate::{
    support::{
        HOUR, World, at, create_task, creation, deletion, dismissal, get, instant, list_all, list_pages, offset,
        proto_time, refused, remind, seconds, settled, snooze, titled, update, violations,
    },
    told::Log,
};

mesh_testkit::on_both_databases!(
    an_offset_counts_from_its_anchor,
    a_whole_day_counts_from_when_the_persons_day_begins,
    a_reminder_without_anything_to_count_from_waits,
    a_reminder_knows_its_task_at_once,
    a_task_that_is_not_there_leaves_nothing_behind,
    a_task_that_is_over_cannot_be_reminded_of,
    nobody_else_sees_a_reminder,
    a_viewer_makes_none,
    a_person_has_at_most_a_hundred_of_a_task,
    only_the_named_fields_change,
    an_offset_and_an_instant_clear_each_other,
    a_reminder_always_says_when,
    writing_back_what_was_read_changes_nothing,
    verbs_that_are_so_already_change_nothing,
    a_stale_etag_is_refused,
    a_repeated_request_is_answered_the_same,
    lists_are_in_order_page_by_page,
);

async fn an_offset_counts_from_its_anchor(database: TestDatabase) {
    let world = World::on(database).await;
    let (start, due) = (world.after(HOUR), world.after(2 * HOUR));
    let task = Task { start: Some(instant(start)), due: Some(instant(due)), ..titled("both") };
    let task = create_task(&mut world.tasks(), task).await;
    let before_due = remind(&mut world.client(), &task, offset(-900)).await;
    assert_eq!(before_due.fire_time, Some(proto_time(due.minus(HOUR / 4))));
    assert_eq!((before_due.anchor(), before_due.user_id), (ReminderAnchor::Due, world.user.id().to_string()));
    assert_eq!((before_due.workspace_id, before_due.task_id), (world.user.workspace().to_string(), task.id.clone()));
    let at_start = Reminder { anchor: Some(ReminderAnchor::Start.into()), ..offset(60) };
    let after_start = remind(&mut world.client(), &task, at_start).await;
    assert_eq!(after_start.fire_time, Some(proto_time(start.plus(HOUR / 60))));
}

async fn a_whole_day_counts_from_when_the_persons_day_begins(database: TestDatabase) {
    let mut world = World::on(database).await;
    world.user = world.user.clone().in_zone("Europe/Berlin").beginning_at("07:30");
    let day = TaskTime { value: Some(Value::Date("2026-03-01".to_owned())), time_zone: String::new() };
    let task = create_task(&mut world.tasks(), Task { due: Some(day), ..titled("a day") }).await;
    let reminder = remind(&mut world.client(), &task, offset(5_400)).await;
    // Half past seven and an hour and a half is nine in Berlin, and that is eight in UTC.
    assert_eq!(reminder.fire_time, Some(prost_types::Timestamp { seconds: 1_772_352_000, nanos: 0 }));
}

async fn a_reminder_without_anything_to_count_from_waits(database: TestDatabase) {
    let world = World::on(database).await;
    let task = create_task(&mut world.tasks(), titled("some day")).await;
    let reminder = remind(&mut world.client(), &task, offset(-900)).await;
    assert_eq!((reminder.state(), reminder.fire_time), (ReminderState::Unanchored, None));
    refused(world.client().snooze_reminder(snooze(&reminder, HOUR)).await, Code::FailedPrecondition, "STATE_INVALID");
}

async fn a_reminder_knows_its_task_at_once(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    for hours in 2..6 {
        let due = world.after(hours * HOUR);
        world.move_due(&task, Some(instant(due))).await;
        assert_eq!(remind(&mut world.client(), &task, offset(0)).await.fire_time, Some(proto_time(due)));
    }
}

async fn a_task_that_is_not_there_leaves_nothing_behind(database: TestDatabase) {
    let world = World::on(database).await;
    let foreign = world.task_due_in(HOUR).await;
    let stranger = TestUser::new();
    let log = Log::of(&world).await;
    let unknown = Task { id: world.user.id().to_string(), ..Task::default() };
    let created = world.client_of(&stranger).create_reminder(creation(&unknown, offset(0))).await;
    refused(created, Code::NotFound, "RESOURCE_NOT_FOUND");
    assert_eq!(log.known_tasks().await, 0);
    let created = world.client_of(&stranger).create_reminder(creation(&foreign, offset(0))).await;
    refused(created, Code::NotFound, "RESOURCE_NOT_FOUND");
    let elsewhere =
        CreateReminderRequest { workspace_id: stranger.workspace().to_string(), ..creation(&foreign, offset(0)) };
    refused(world.client().create_reminder(elsewhere).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    remind(&mut world.client(), &foreign, offset(0)).await;
    assert_eq!(log.known_tasks().await, 1);
}

async fn a_task_that_is_over_cannot_be_reminded_of(database: TestDatabase) {
    let world = World::on(database).await;
    let (done, deleted) = (world.task_due_in(HOUR).await, world.task_due_in(HOUR).await);
    let complete = CompleteTaskRequest { id: done.id.clone(), ..CompleteTaskRequest::default() };
    world.tasks().complete_task(complete).await.expect("it is completed");
    let delete = DeleteTaskRequest { id: deleted.id.clone(), ..DeleteTaskRequest::default() };
    world.tasks().delete_task(delete).await.expect("it is deleted");
    for task in [done, deleted] {
        let created = world.client().create_reminder(creation(&task, offset(0))).await;
        refused(created, Code::FailedPrecondition, "STATE_INVALID");
    }
}

async fn nobody_else_sees_a_reminder(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let reminder = remind(&mut world.client(), &task, offset(0)).await;
    let colleague = TestUser::new().member_of(world.user.workspace(), Role::Owner);
    let mut client = world.client_of(&colleague);
    let everything = ListRemindersRequest { workspace_id: "-".to_owned(), ..ListRemindersRequest::default() };
    assert_eq!(list_pages(&mut client, everything).await, []);
    refused(client.dismiss_reminder(dismissal(&reminder)).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    refused(client.delete_reminder(deletion(&reminder)).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    refused(client.update_reminder(update(reminder, &[])).await, Code::NotFound, "RESOURCE_NOT_FOUND");
}

async fn a_viewer_makes_none(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let viewer = TestUser::new().member_of(world.user.workspace(), Role::Viewer);
    let created = world.client_of(&viewer).create_reminder(creation(&task, offset(0))).await;
    refused(created, Code::PermissionDenied, "ROLE_INSUFFICIENT");
}

async fn a_person_has_at_most_a_hundred_of_a_task(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let mut client = world.client();
    let first = remind(&mut client, &task, offset(0)).await;
    for _ in 1..100 {
        remind(&mut client, &task, offset(0)).await;
    }
    let one_more = client.create_reminder(creation(&task, offset(0))).await;
    refused(one_more, Code::ResourceExhausted, "QUOTA_EXCEEDED");
    client.delete_reminder(deletion(&first)).await.expect("one is deleted");
    remind(&mut client, &task, offset(0)).await;
}

async fn only_the_named_fields_change(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let channel = world.user.id().to_string();
    let full = Reminder {
        repeat_interval: Some(seconds(120)),
        repeat_limit: Some(5),
        channel_ids: vec![channel.clone()],
        carry_over: Some(false),
        ..offset(-60)
    };
    let reminder = remind(&mut world.client(), &task, full).await;
    let sent = Reminder { id: reminder.id.clone(), repeat_limit: Some(7), carry_over: Some(true), ..offset(-120) };
    let request = update(sent, &["repeat_limit", "repeat_interval"]);
    let changed = world.client().update_reminder(request).await.expect("it changes").into_inner();
    assert_eq!((changed.repeat_limit, changed.repeat_interval, changed.version), (Some(7), None, 2));
    assert_eq!((changed.offset, changed.carry_over), (Some(seconds(-60)), Some(false)));
    assert_eq!(changed.channel_ids, [channel]);
    assert_eq!(get(&mut world.client(), &reminder.id).await, settled(changed));
    let log = Log::of(&world).await;
    assert_eq!(log.told(&reminder.id).await[1].changed(), ["repeat_interval", "repeat_limit"]);
}

async fn an_offset_and_an_instant_clear_each_other(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let reminder = remind(&mut world.client(), &task, offset(-60)).await;
    let fixed = world.after(2 * HOUR);
    let sent = Reminder { id: reminder.id.clone(), ..at(fixed) };
    let changed = world.client().update_reminder(update(sent, &[])).await.expect("it changes").into_inner();
    assert_eq!((changed.offset, changed.anchor, changed.at), (None, None, Some(proto_time(fixed))));
    assert_eq!(changed.fire_time, Some(proto_time(fixed)));
    let sent = Reminder { id: reminder.id.clone(), ..offset(-30) };
    let changed = world.client().update_reminder(update(sent, &["offset"])).await.expect("it changes").into_inner();
    assert_eq!((changed.offset, changed.at), (Some(seconds(-30)), None));
    assert_eq!((changed.anchor(), changed.version), (ReminderAnchor::Due, 3));
}

async fn a_reminder_always_says_when(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let relative = remind(&mut world.client(), &task, offset(-60)).await;
    let fixed = remind(&mut world.client(), &task, at(world.after(HOUR))).await;
    let nothing = Reminder { id: relative.id.clone(), ..Reminder::default() };
    let status = world.client().update_reminder(update(nothing, &["offset"])).await;
    assert_eq!(violations(&refused(status, Code::InvalidArgument, "FIELDS_INVALID")), ["reminder.offset"]);
    let anchor = Some(ReminderAnchor::Start.into());
    let alone = Reminder { id: fixed.id.clone(), anchor, ..Reminder::default() };
    let status = world.client().update_reminder(update(alone, &[])).await;
    assert_eq!(violations(&refused(status, Code::InvalidArgument, "FIELDS_INVALID")), ["reminder.anchor"]);
    let status = world.client().create_reminder(creation(&task, Reminder::default())).await;
    assert_eq!(violations(&refused(status, Code::InvalidArgument, "FIELDS_INVALID")), ["reminder.offset"]);
}

async fn writing_back_what_was_read_changes_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    for reminder in [offset(-60), at(world.after(HOUR))] {
        let made = settled(remind(&mut world.client(), &task, reminder).await);
        let request = update(made.clone(), &[]);
        assert_eq!(world.client().update_reminder(request).await.expect("nothing to do").into_inner(), made);
    }
}

async fn verbs_that_are_so_already_change_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let (mut client, task) = (world.client(), world.task_due_in(HOUR).await);
    let reminder = remind(&mut client, &task, offset(-60)).await;
    let dismissed = client.dismiss_reminder(dismissal(&reminder)).await.expect("it is dismissed").into_inner();
    assert_eq!((dismissed.state(), dismissed.fire_time, dismissed.version), (ReminderState::Dismissed, None, 2));
    let again = client.dismiss_reminder(dismissal(&reminder)).await.expect("it is dismissed").into_inner();
    assert_eq!(again, settled(dismissed));
    refused(client.snooze_reminder(snooze(&reminder, HOUR)).await, Code::FailedPrecondition, "STATE_INVALID");
    let deleted = client.delete_reminder(deletion(&reminder)).await.expect("it is deleted").into_inner();
    assert_eq!((deleted.delete_time.is_some(), deleted.version), (true, 3));
    let again = client.delete_reminder(deletion(&reminder)).await.expect("it is deleted").into_inner();
    assert_eq!(again, settled(deleted));
    refused(client.dismiss_reminder(dismissal(&reminder)).await, Code::FailedPrecondition, "RESOURCE_DELETED");
    refused(client.snooze_reminder(snooze(&reminder, HOUR)).await, Code::FailedPrecondition, "RESOURCE_DELETED");
    let listed = list_pages(&mut client, ListRemindersRequest::default()).await;
    assert_eq!((listed.len(), list_all(&mut client).await.len()), (0, 1));
}

async fn a_stale_etag_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let (mut client, task) = (world.client(), world.task_due_in(HOUR).await);
    let reminder = remind(&mut client, &task, offset(-60)).await;
    let mut request = snooze(&reminder, HOUR);
    request.etag = reminder.etag.clone();
    let snoozed = client.snooze_reminder(request.clone()).await.expect("it is snoozed").into_inner();
    assert_eq!(snoozed.snooze_until, Some(proto_time(world.after(HOUR))));
    refused(client.snooze_reminder(request).await, Code::Aborted, "ETAG_MISMATCH");
    let stale = Reminder { carry_over: Some(true), ..reminder };
    refused(client.update_reminder(update(stale, &["carry_over"])).await, Code::Aborted, "ETAG_MISMATCH");
}

async fn a_repeated_request_is_answered_the_same(database: TestDatabase) {
    let world = World::on(database).await;
    let (mut client, task) = (world.client(), world.task_due_in(HOUR).await);
    let once = CreateReminderRequest { request_id: "r1".to_owned(), ..creation(&task, offset(-60)) };
    let first = client.create_reminder(once.clone()).await.expect("it is created").into_inner();
    let mut put_off = snooze(&first, HOUR);
    (put_off.request_id, put_off.etag) = ("r1".to_owned(), first.etag.clone());
    let snoozed = client.snooze_reminder(put_off.clone()).await.expect("it is snoozed").into_inner();
    world.clock.advance(HOUR / 4);
    assert_eq!(client.create_reminder(once.clone()).await.expect("it was created").into_inner(), first);
    assert_eq!(client.snooze_reminder(put_off).await.expect("it was snoozed").into_inner(), snoozed);
    assert_eq!(list_all(&mut client).await.len(), 1);
    let other = CreateReminderRequest { reminder: Some(offset(-61)), ..once };
    refused(client.create_reminder(other).await, Code::InvalidArgument, "REQUEST_ID_REUSED");
}

async fn lists_are_in_order_page_by_page(database: TestDatabase) {
    let world = World::on(database).await;
    let (mut client, task) = (world.client(), world.task_due_in(100 * HOUR).await);
    let undated = create_task(&mut world.tasks(), titled("some day")).await;
    let mut made = Vec::new();
    for hours in [3, 1, 2, 1] {
        world.clock.advance(HOUR / 3_600);
        made.push(remind(&mut client, &task, at(world.clock.now().plus(hours * HOUR))).await.id);
    }
    world.clock.advance(HOUR / 3_600);
    made.push(remind(&mut client, &undated, offset(0)).await.id);
    let orders: [(&str, [usize; 5]); 5] = [
        ("", [1, 3, 2, 0, 4]),
        ("fire_time desc", [0, 2, 3, 1, 4]),
        ("create_time", [0, 1, 2, 3, 4]),
        ("update_time desc", [4, 3, 2, 1, 0]),
        ("fire_time desc, create_time", [0, 2, 3, 1, 4]),
    ];
    for (order, expected) in orders {
        let request =
            ListRemindersRequest { order_by: order.to_owned(), page_size: 2, ..ListRemindersRequest::default() };
        let ids: Vec<_> = list_pages(&mut client, request).await.into_iter().map(|reminder| reminder.id).collect();
        let expected: Vec<_> = expected.iter().map(|&place| made[place].clone()).collect();
        assert_eq!(ids, expected, "{order:?}");
    }
}
