//! A small world and a ledger that agree, for tests to spoil.

use std::collections::BTreeMap;

use jiff::civil::{DateTime, date};
use mesh_proto::{
    audit::v1::AuditEvent,
    notify::v1::{Channel, Delivery, DeliveryAttempt, DeliveryState, Notification},
    scheduler::v1::{Occurrence, OccurrenceState, Reminder, ReminderState, Schedule, ScheduleState},
    task::v1::{Task, TaskStatus},
};
use mesh_types::Timestamp;
use prost_types::{Struct, Value, value::Kind};

use super::{Case, Difference, check};
use crate::campaign::{
    instants,
    receiver::Receipt,
    record::{Errands, Fate, Ledger, Plan, Rule, Series, Step, Times, Weekend},
    users::wall_time,
    world::World,
};

pub(super) const TASK: &str = "task";
pub(super) const REMINDED: &str = "reminded";
pub(super) const REMINDER: &str = "reminder";
pub(super) const NOTIFICATION: &str = "notification";
pub(super) const DELIVERY: &str = "delivery";
pub(super) const SCHEDULE: &str = "schedule";
pub(super) const FIRST: &str = "first";
pub(super) const SUCCESSOR: &str = "successor";
/// When the reminder is due, in microseconds.
pub(super) const DUE: i64 = 1_900_000_000_000_000;
/// What the tasks of the schedule are called.
pub(super) const TITLE: &str = "habit";
const ZONE: &str = "Europe/Berlin";

/// What is remembered, and what is there.
pub(super) struct Both {
    pub(super) ledger: Ledger,
    pub(super) world: World,
}

impl Both {
    /// A ledger and a world without any difference.
    pub(super) fn agreeing() -> Self {
        let mut both = Self { ledger: Ledger::default(), world: World::default() };
        both.add_task();
        both.add_reminder();
        both.add_notification();
        both.add_series();
        both.follow();
        assert_eq!(both.all_differences(), []);
        both
    }

    pub(super) fn all_differences(&self) -> Vec<Difference> {
        check(Case { user: "somebody", ledger: &self.ledger, world: &self.world })
    }

    /// What one check finds.
    pub(super) fn differences(&self, check: &str) -> Vec<Difference> {
        self.all_differences().into_iter().filter(|difference| difference.check == check).collect()
    }

    fn add_task(&mut self) {
        let created = Task { id: TASK.to_owned(), title: Some("one".to_owned()), version: 1, ..Task::default() };
        self.did_task("created", created.clone());
        self.did_task("completed", Task { status: Some(TaskStatus::Completed.into()), version: 2, ..created });
        self.did_task("created", Task { id: REMINDED.to_owned(), version: 1, ..Task::default() });
    }

    fn did_task(&mut self, verb: &'static str, task: Task) {
        self.record("task", &task.id, task.version, verb);
        self.ledger.tasks.entry(task.id.clone()).or_default().push(step(verb, DUE - 10_000_000, task.clone()));
        self.world.tasks.insert(task.id.clone(), task);
    }

    fn add_reminder(&mut self) {
        let at = instants::write(Timestamp::from_micros(DUE));
        let mut reminder = Reminder {
            id: REMINDER.to_owned(),
            task_id: REMINDED.to_owned(),
            at: Some(at),
            fire_time: Some(at),
            version: 1,
            ..Reminder::default()
        };
        reminder.set_state(ReminderState::Scheduled);
        let made = step("created", DUE - 9_000_000, reminder.clone());
        self.ledger.reminders.entry(REMINDER.to_owned()).or_default().push(made);
        reminder = Reminder { fire_time: None, fire_count: 1, version: 2, ..reminder };
        reminder.set_state(ReminderState::Fired);
        self.world.reminders.insert(REMINDER.to_owned(), reminder);
        self.record("reminder", REMINDER, 1, "created");
        self.arm(DUE);
        self.record("reminder", REMINDER, 2, "fired");
        self.entry("reminder", REMINDER, 2).event_time = Some(at);
    }

    fn add_notification(&mut self) {
        let mut notification = Notification {
            id: NOTIFICATION.to_owned(),
            task_id: Some(REMINDED.to_owned()),
            reminder_id: Some(REMINDER.to_owned()),
            event_time: Some(instants::write(Timestamp::from_micros(DUE))),
            version: 1,
            ..Notification::default()
        };
        self.record("notification", NOTIFICATION, 1, "created");
        (notification.read_time, notification.version) = (Some(prost_types::Timestamp::default()), 2);
        notification.seen_time = notification.read_time;
        self.record("notification", NOTIFICATION, 2, "read");
        self.ledger.marks.read(step("read", DUE + 1_000_000, notification.clone()));
        self.world.notifications.insert(NOTIFICATION.to_owned(), notification);
        self.record("channel", "channel", 1, "created");
        self.world.channels.insert("channel".to_owned(), Channel { version: 1, ..Channel::default() });
        self.add_delivery();
    }

    fn add_delivery(&mut self) {
        let mut delivery = Delivery {
            id: DELIVERY.to_owned(),
            notification_ids: vec![NOTIFICATION.to_owned()],
            channel_id: "channel".to_owned(),
            attempts: vec![DeliveryAttempt::default()],
            attempt_count: 1,
            version: 2,
            ..Delivery::default()
        };
        delivery.set_state(DeliveryState::Delivered);
        self.world.deliveries.insert(DELIVERY.to_owned(), delivery);
        self.record("delivery", DELIVERY, 1, "created");
        self.record("delivery", DELIVERY, 2, "delivered");
        let (delivery_id, notification_id) = (DELIVERY.to_owned(), NOTIFICATION.to_owned());
        self.world.receipts.push(Receipt { delivery_id, notification_id, fault: None, taken: true });
    }

    fn add_series(&mut self) {
        let (start, next) = (date(2030, 1, 1).at(9, 0, 0, 0), date(2030, 1, 2).at(9, 0, 0, 0));
        let mut schedule = Schedule { id: SCHEDULE.to_owned(), version: 1, ..Schedule::default() };
        schedule.set_state(ScheduleState::Active);
        let times = Times { start, rule: Rule::Days(1), weekend: Weekend::Keep };
        let mut series = Series::new(times, true, ZONE, Plan::OnCompletion, TITLE);
        series.steps.push(step("created", DUE - 9_000_000, schedule.clone()));
        series.close(start, Fate::Finished);
        self.ledger.series.insert(SCHEDULE.to_owned(), series);
        let errands = Errands { schedules: vec![SCHEDULE.to_owned()], closing: None };
        self.ledger.errands.insert(FIRST.to_owned(), errands);
        self.world.schedules.insert(SCHEDULE.to_owned(), schedule);
        self.record("schedule", SCHEDULE, 1, "created");
        self.did_task("created", Task { version: 1, ..occurrence_task(FIRST, start) });
        let status = Some(TaskStatus::Completed.into());
        self.did_task("completed", Task { version: 2, status, ..occurrence_task(FIRST, start) });
        self.make_task(occurrence_task(SUCCESSOR, next));
        let planned = vec![
            occurrence(FIRST, start, OccurrenceState::Completed),
            occurrence(SUCCESSOR, next, OccurrenceState::Open),
        ];
        self.world.occurrences.insert(SCHEDULE.to_owned(), planned);
    }

    /// A schedule made a task.
    pub(super) fn make_task(&mut self, task: Task) {
        self.record("task", &task.id, 1, "created");
        self.world.tasks.insert(task.id.clone(), Task { version: 1, ..task });
    }

    pub(super) fn follow(&mut self) {
        let tasks = self.world.tasks.values().map(|task| (task.id.clone(), (task.version, Some(task.clone()))));
        self.world.watched.items = tasks.collect();
        let told = self.world.notifications.values().map(|one| (one.id.clone(), (one.version, Some(one.clone()))));
        self.world.streamed.items = told.collect();
    }

    /// Adds an entry to the record of what happened.
    pub(super) fn record(&mut self, kind: &str, id: &str, version: i64, action: &str) {
        self.world.history.push(AuditEvent {
            entity_type: kind.to_owned(),
            entity_id: id.to_owned(),
            entity_version: version,
            action: action.to_owned(),
            event_time: Some(prost_types::Timestamp::default()),
            ..AuditEvent::default()
        });
    }

    pub(super) fn entry(&mut self, kind: &str, id: &str, version: i64) -> &mut AuditEvent {
        let wanted = (kind, id, version);
        let is = |entry: &&mut AuditEvent| {
            (entry.entity_type.as_str(), entry.entity_id.as_str(), entry.entity_version) == wanted
        };
        self.world.history.iter_mut().find(is).expect("an entry")
    }

    pub(super) fn task(&mut self) -> &mut Task {
        self.world.tasks.get_mut(TASK).expect("the task")
    }

    pub(super) fn successor(&mut self) -> &mut Task {
        self.world.tasks.get_mut(SUCCESSOR).expect("the successor")
    }

    pub(super) fn reminder(&mut self) -> &mut Reminder {
        self.world.reminders.get_mut(REMINDER).expect("the reminder")
    }

    pub(super) fn notification(&mut self) -> &mut Notification {
        self.world.notifications.get_mut(NOTIFICATION).expect("the notification")
    }

    pub(super) fn delivery(&mut self) -> &mut Delivery {
        self.world.deliveries.get_mut(DELIVERY).expect("the delivery")
    }

    pub(super) fn schedule(&mut self) -> &mut Schedule {
        self.world.schedules.get_mut(SCHEDULE).expect("the schedule")
    }

    pub(super) fn occurrences(&mut self) -> &mut Vec<Occurrence> {
        self.world.occurrences.get_mut(SCHEDULE).expect("the schedule")
    }

    /// The task's last answer, changed, is acknowledged and recorded once more.
    pub(super) fn acknowledge_task(&mut self, verb: &'static str, change: impl FnOnce(&mut Task)) {
        let mut task = self.task().clone();
        change(&mut task);
        self.did_task(verb, task);
    }

    /// A change of the reminder was acknowledged by then, and recorded as one of its state.
    pub(super) fn acknowledge_reminder(&mut self, verb: &'static str, version: i64, acked: i64) {
        let answer = Reminder { version, ..self.reminder().clone() };
        self.ledger.reminders.entry(REMINDER.to_owned()).or_default().push(step(verb, acked, answer));
        self.record("reminder", REMINDER, version, verb);
        self.entry("reminder", REMINDER, version).changed_fields = vec!["state".to_owned()];
    }

    /// According to its record, the reminder was made for that time.
    pub(super) fn arm(&mut self, due: i64) {
        let text = jiff::Timestamp::from_microsecond(due).expect("an instant").to_string();
        let fire_time = ("fireTime".to_owned(), Value { kind: Some(Kind::StringValue(text)) });
        let fields: BTreeMap<_, _> = [fire_time].into();
        self.entry("reminder", REMINDER, 1).after = Some(Struct { fields });
    }

    /// According to its record, the reminder fired once more.
    pub(super) fn fire(&mut self, version: i64, due: i64, at: i64) {
        let armed = self.entry("reminder", REMINDER, 1).after.clone();
        assert_eq!(due, DUE, "what it was made for");
        self.entry("reminder", REMINDER, version - 1).after = armed;
        self.record("reminder", REMINDER, version, "fired");
        self.entry("reminder", REMINDER, version).event_time = Some(instants::write(Timestamp::from_micros(at)));
    }

    pub(super) fn finish_the_task_of_the_reminder(&mut self) {
        let status = Some(TaskStatus::Completed.into());
        self.did_task("completed", Task { id: REMINDED.to_owned(), version: 2, status, ..Task::default() });
    }
}

pub(super) fn step<T>(verb: &'static str, acked: i64, answer: T) -> Step<T> {
    let began = Timestamp::from_micros(acked - 1_000);
    Step { verb, began, acked: Timestamp::from_micros(acked), answer }
}

pub(super) fn occurrence_task(id: &str, nominal: DateTime) -> Task {
    Task {
        id: id.to_owned(),
        title: Some(TITLE.to_owned()),
        due: Some(wall_time(nominal, ZONE)),
        schedule_id: Some(SCHEDULE.to_owned()),
        occurrence: Some(Series::spelled(nominal)),
        ..Task::default()
    }
}

pub(super) fn occurrence(task: &str, nominal: DateTime, state: OccurrenceState) -> Occurrence {
    Occurrence {
        schedule_id: SCHEDULE.to_owned(),
        occurrence: Series::spelled(nominal),
        state: state.into(),
        task_id: Some(task.to_owned()),
        ..Occurrence::default()
    }
}
