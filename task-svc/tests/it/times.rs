//! Due and start: what people mean by a time, and what is refused.

use mesh_proto::task::v1::{Task, TaskTime, task_time::Value};
use mesh_testkit::TestDatabase;
use tonic::Code;

use crate::support::{World, create, creation, get, refused, titled, violations};

mesh_testkit::on_both_databases!(every_kind_of_time_comes_back_as_it_was_sent, what_is_no_time_is_refused);

fn time(value: Value, zone: &str) -> TaskTime {
    TaskTime { value: Some(value), time_zone: zone.to_owned() }
}

fn instant(seconds: i64, nanos: i32) -> Value {
    Value::Time(prost_types::Timestamp { seconds, nanos })
}

fn local(text: &str) -> Value {
    Value::LocalTime(text.to_owned())
}

fn date(text: &str) -> Value {
    Value::Date(text.to_owned())
}

async fn every_kind_of_time_comes_back_as_it_was_sent(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let times = [
        time(instant(1_798_761_600, 123_456_000), ""),
        time(instant(-62_135_596_800, 0), "Asia/Kolkata"),
        time(instant(253_402_300_799, 999_999_000), ""),
        time(local("2026-03-29T02:30:00"), "Europe/Berlin"),
        time(date("2024-02-29"), ""),
        time(date("9999-12-31"), "Pacific/Kiritimati"),
    ];
    for due in times {
        let sent = Task { start: Some(due.clone()), due: Some(due.clone()), ..titled("timed") };
        let id = create(&mut client, sent).await.id;
        let kept = get(&mut client, &id).await;
        assert_eq!((kept.start, kept.due), (Some(due.clone()), Some(due)));
    }
}

async fn what_is_no_time_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let cases = [
        (time(date("2026-02-29"), ""), "task.due.date"),
        (time(date("2026-2-9"), ""), "task.due.date"),
        (time(local("2026-02-09T25:00:00"), "Europe/Berlin"), "task.due.local_time"),
        (time(local("2026-02-09T10:00:00"), ""), "task.due.time_zone"),
        (time(local("2026-02-09T10:00:00"), "Middle/Earth"), "task.due.time_zone"),
        (time(date("2026-02-09"), "UTC\0"), "task.due.time_zone"),
        (time(instant(253_402_300_800, 0), ""), "task.due.time"),
        (time(instant(0, -1), ""), "task.due.time"),
        (time(instant(i64::MAX, 0), ""), "task.due.time"),
        (TaskTime::default(), "task.due.value"),
    ];
    for (due, field) in cases {
        let sent = creation(Task { due: Some(due.clone()), ..titled("timed") });
        let status = refused(client.create_task(sent).await, Code::InvalidArgument, "FIELDS_INVALID");
        assert_eq!(violations(&status), [field], "{due:?}");
    }
}
