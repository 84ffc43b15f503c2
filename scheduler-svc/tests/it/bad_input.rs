//! What no well-meaning client sends about reminders: the answer is a clear refusal, never a fault of ours.

use mesh_proto::scheduler::v1::{
    CreateReminderRequest, DeleteReminderRequest, DismissReminderRequest, ListRemindersRequest, Reminder,
    SnoozeReminderRequest, UpdateReminderRequest,
};
use mesh_testkit::TestDatabase;
use tonic::Code;

use crate::support::{HOUR, World, at, creation, offset, refused, remind, seconds, snooze, update, violations};

mesh_testkit::on_both_databases!(
    bad_reminders_are_refused_field_by_field,
    bad_ids_are_refused_by_every_verb,
    every_path_that_cannot_be_written_is_told,
    bad_snoozes_are_refused,
    bad_lists_are_refused,
    nul_is_refused_wherever_text_goes,
);

const BAD_IDS: [&str; 6] =
    ["", "x", "0190163d8694739baea5966c26f8ad90", "{0190163d-8694-739b-aea5-966c26f8ad90}", "' OR 1=1 --", "\0"];

async fn bad_reminders_are_refused_field_by_field(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let id = remind(&mut world.client(), &task, offset(0)).await.id;
    let uneven = prost_types::Duration { seconds: 1, nanos: -1 };
    let late = prost_types::Timestamp { seconds: 253_402_300_800, nanos: 0 };
    let channels = vec!["x".to_owned()];
    let cases = [
        (offset(315_360_001), "reminder.offset"),
        (Reminder { offset: Some(uneven), ..Reminder::default() }, "reminder.offset"),
        (Reminder { at: Some(late), ..Reminder::default() }, "reminder.at"),
        (Reminder { anchor: Some(0), ..offset(0) }, "reminder.anchor"),
        (Reminder { anchor: Some(11), ..offset(0) }, "reminder.anchor"),
        (Reminder { repeat_interval: Some(seconds(59)), ..offset(0) }, "reminder.repeat_interval"),
        (Reminder { repeat_interval: Some(seconds(2_592_001)), ..offset(0) }, "reminder.repeat_interval"),
        (Reminder { repeat_limit: Some(0), ..offset(0) }, "reminder.repeat_limit"),
        (Reminder { repeat_limit: Some(1_001), ..offset(0) }, "reminder.repeat_limit"),
        (Reminder { channel_ids: channels, ..offset(0) }, "reminder.channel_ids[0]"),
    ];
    for (reminder, field) in cases {
        let created = world.client().create_reminder(creation(&task, reminder.clone())).await;
        let status = refused(created, Code::InvalidArgument, "FIELDS_INVALID");
        assert_eq!(violations(&status), [field], "create {reminder:?}");
        let changed = Reminder { id: id.clone(), ..reminder };
        let request = UpdateReminderRequest { reminder: Some(changed.clone()), ..Default::default() };
        let status = refused(world.client().update_reminder(request).await, Code::InvalidArgument, "FIELDS_INVALID");
        assert_eq!(violations(&status), [field], "update {changed:?}");
    }
    let both = Reminder { at: at(world.after(HOUR)).at, ..offset(0) };
    refused(world.client().create_reminder(creation(&task, both)).await, Code::InvalidArgument, "FIELDS_INVALID");
    let other = Reminder { task_id: world.user.id().to_string(), ..offset(0) };
    let status = world.client().create_reminder(creation(&task, other)).await;
    assert_eq!(violations(&refused(status, Code::InvalidArgument, "FIELDS_INVALID")), ["reminder.task_id"]);
    let empty = world.client().create_reminder(CreateReminderRequest::default()).await;
    refused(empty, Code::InvalidArgument, "FIELDS_INVALID");
}

async fn bad_ids_are_refused_by_every_verb(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    for id in BAD_IDS.map(str::to_owned) {
        let delete = client.delete_reminder(DeleteReminderRequest { id: id.clone(), ..Default::default() }).await;
        let dismiss = client.dismiss_reminder(DismissReminderRequest { id: id.clone(), ..Default::default() }).await;
        let delay = Some(seconds(60));
        let snooze = SnoozeReminderRequest { id: id.clone(), delay, ..Default::default() };
        let snooze = client.snooze_reminder(snooze).await;
        for result in [delete, dismiss, snooze] {
            assert_eq!(violations(&refused(result, Code::InvalidArgument, "FIELDS_INVALID")), ["id"]);
        }
        let status = client.update_reminder(update(Reminder { id: id.clone(), ..offset(0) }, &["offset"])).await;
        assert_eq!(violations(&refused(status, Code::InvalidArgument, "FIELDS_INVALID")), ["reminder.id"]);
        let reminder = Some(offset(0));
        let create = CreateReminderRequest { task_id: id, reminder, ..Default::default() };
        let status = client.create_reminder(create).await;
        assert_eq!(violations(&refused(status, Code::InvalidArgument, "FIELDS_INVALID")), ["task_id"]);
    }
}

async fn every_path_that_cannot_be_written_is_told(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let reminder = remind(&mut world.client(), &task, offset(0)).await;
    let paths = ["carry_over", "state", "nonsense", "offset.seconds", "*", "task_id", "at\0"];
    let status = world.client().update_reminder(update(reminder, &paths)).await;
    let status = refused(status, Code::InvalidArgument, "UPDATE_MASK_INVALID");
    let expected: Vec<_> = (1..=6).map(|index| format!("update_mask.paths[{index}]")).collect();
    assert_eq!(violations(&status), expected);
}

async fn bad_snoozes_are_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let reminder = remind(&mut world.client(), &task, offset(0)).await;
    let snoozed = |change: fn(&mut SnoozeReminderRequest)| {
        let (mut client, mut request) = (world.client(), snooze(&reminder, HOUR));
        change(&mut request);
        async move { refused(client.snooze_reminder(request).await, Code::InvalidArgument, "FIELDS_INVALID") }
    };
    snoozed(|request| request.delay = None).await;
    snoozed(|request| request.until = Some(prost_types::Timestamp { seconds: 1, nanos: 0 })).await;
    snoozed(|request| request.preset = Some(10)).await;
    snoozed(|request| (request.delay, request.preset) = (None, Some(0))).await;
    snoozed(|request| (request.delay, request.preset) = (None, Some(11))).await;
    snoozed(|request| request.delay = Some(seconds(0))).await;
    snoozed(|request| request.delay = Some(seconds(31_536_001))).await;
    snoozed(|request| request.delay = Some(prost_types::Duration { seconds: 5, nanos: i32::MIN })).await;
    let too_late = |request: &mut SnoozeReminderRequest| {
        (request.delay, request.until) = (None, Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 }));
    };
    snoozed(too_late).await;
}

async fn bad_lists_are_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let lists = [
        (ListRemindersRequest { page_size: i32::MIN, ..Default::default() }, "FIELDS_INVALID"),
        (ListRemindersRequest { workspace_id: "--".to_owned(), ..Default::default() }, "FIELDS_INVALID"),
        (ListRemindersRequest { page_token: "x".repeat(2049), ..Default::default() }, "FIELDS_INVALID"),
        (ListRemindersRequest { page_token: "x".to_owned(), ..Default::default() }, "PAGE_TOKEN_INVALID"),
        (ListRemindersRequest { order_by: "offset".to_owned(), ..Default::default() }, "ORDER_BY_INVALID"),
        (ListRemindersRequest { filter: "state=FIRED".to_owned(), ..Default::default() }, "FILTER_INVALID"),
    ];
    for (list, reason) in lists {
        refused(client.list_reminders(list).await, Code::InvalidArgument, reason);
    }
    let foreign = ListRemindersRequest { workspace_id: world.user.id().to_string(), ..Default::default() };
    refused(client.list_reminders(foreign).await, Code::NotFound, "RESOURCE_NOT_FOUND");
}

async fn nul_is_refused_wherever_text_goes(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let reminder = remind(&mut world.client(), &task, offset(0)).await;
    let nul = || "a\0b".to_owned();
    let create = CreateReminderRequest { request_id: nul(), ..creation(&task, offset(0)) };
    let status = world.client().create_reminder(create).await;
    assert_eq!(violations(&refused(status, Code::InvalidArgument, "FIELDS_INVALID")), ["request_id"]);
    let dismiss = DismissReminderRequest { id: reminder.id, etag: nul(), ..Default::default() };
    let status = world.client().dismiss_reminder(dismiss).await;
    assert_eq!(violations(&refused(status, Code::InvalidArgument, "FIELDS_INVALID")), ["etag"]);
    let list = ListRemindersRequest { order_by: nul(), ..Default::default() };
    refused(world.client().list_reminders(list).await, Code::InvalidArgument, "ORDER_BY_INVALID");
}
