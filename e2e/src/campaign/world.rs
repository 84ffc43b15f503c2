//! What a fresh look at the mesh shows one user.

use std::collections::BTreeMap;

use mesh_proto::{
    audit::v1::{AuditEvent, ListAuditEventsRequest, ListAuditEventsResponse},
    notify::v1::{
        Channel, Delivery, ListChannelsRequest, ListChannelsResponse, ListDeliveriesRequest, ListDeliveriesResponse,
        ListNotificationsRequest, ListNotificationsResponse, Notification,
    },
    scheduler::v1::{
        ListOccurrencesRequest, ListOccurrencesResponse, ListRemindersRequest, ListRemindersResponse,
        ListSchedulesRequest, ListSchedulesResponse, Occurrence, OccurrenceState, Reminder, Schedule,
    },
    task::v1::{ListTasksRequest, ListTasksResponse, Task},
};

use super::{
    receiver::Receipt,
    users::{Caller, Known},
};
use crate::Failure;

/// How many things a page holds.
const PAGE: i32 = 500;

/// Everything that one user can see.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Every task, deleted ones too.
    pub tasks: BTreeMap<String, Task>,
    /// Every reminder, deleted ones too.
    pub reminders: BTreeMap<String, Reminder>,
    /// Every schedule.
    pub schedules: BTreeMap<String, Schedule>,
    /// The planned occurrences of each.
    pub occurrences: BTreeMap<String, Vec<Occurrence>>,
    /// The inbox, withdrawn ones too.
    pub notifications: BTreeMap<String, Notification>,
    /// Every delivery.
    pub deliveries: BTreeMap<String, Delivery>,
    /// Every channel.
    pub channels: BTreeMap<String, Channel>,
    /// The record of what happened.
    pub history: Vec<AuditEvent>,
    /// The webhooks that came.
    pub receipts: Vec<Receipt>,
    /// What the follower of tasks knows.
    pub watched: Known<Task>,
    /// What the follower of the inbox knows.
    pub streamed: Known<Notification>,
}

/// Makes a function that lists everything of one kind, by pages.
macro_rules! list_all {
    ($name:ident, $item:ty, $method:literal, $request:expr, $answer:ty, $field:ident) => {
        pub(super) async fn $name(caller: &Caller) -> Result<Vec<$item>, Failure> {
            let (mut request, mut all) = ($request, Vec::new());
            loop {
                let page = caller.call::<_, $answer>($method, &request).await.map_err(|refusal| refusal.failure)?;
                all.extend(page.answer.$field);
                request.page_token = page.answer.next_page_token;
                if request.page_token.is_empty() {
                    return Ok(all);
                }
            }
        }
    };
}

list_all!(
    tasks,
    Task,
    "taskmesh.task.v1.TaskService/ListTasks",
    ListTasksRequest { page_size: PAGE, show_deleted: true, ..ListTasksRequest::default() },
    ListTasksResponse,
    tasks
);
list_all!(
    reminders,
    Reminder,
    "taskmesh.scheduler.v1.SchedulerService/ListReminders",
    ListRemindersRequest { page_size: PAGE, show_deleted: true, ..ListRemindersRequest::default() },
    ListRemindersResponse,
    reminders
);
list_all!(
    schedules,
    Schedule,
    "taskmesh.scheduler.v1.SchedulerService/ListSchedules",
    ListSchedulesRequest { page_size: PAGE, show_deleted: true, ..ListSchedulesRequest::default() },
    ListSchedulesResponse,
    schedules
);
list_all!(
    notifications,
    Notification,
    "taskmesh.notify.v1.NotifyService/ListNotifications",
    ListNotificationsRequest { page_size: PAGE, show_withdrawn: true, ..ListNotificationsRequest::default() },
    ListNotificationsResponse,
    notifications
);
list_all!(
    deliveries,
    Delivery,
    "taskmesh.notify.v1.NotifyService/ListDeliveries",
    ListDeliveriesRequest { page_size: PAGE, ..ListDeliveriesRequest::default() },
    ListDeliveriesResponse,
    deliveries
);
list_all!(
    channels,
    Channel,
    "taskmesh.notify.v1.NotifyService/ListChannels",
    ListChannelsRequest { page_size: PAGE, show_deleted: true, ..ListChannelsRequest::default() },
    ListChannelsResponse,
    channels
);
list_all!(
    history,
    AuditEvent,
    "taskmesh.audit.v1.AuditService/ListAuditEvents",
    ListAuditEventsRequest { page_size: PAGE, ..ListAuditEventsRequest::default() },
    ListAuditEventsResponse,
    events
);

impl World {
    /// Looks at everything. Receipts and streams are added by whoever has them.
    ///
    /// # Errors
    /// When a list was not answered.
    pub(super) async fn look(caller: &Caller) -> Result<Self, Failure> {
        let schedules = schedules(caller).await?;
        let mut planned = BTreeMap::new();
        for schedule in &schedules {
            planned.insert(schedule.id.clone(), occurrences(caller, &schedule.id).await?);
        }
        Ok(Self {
            tasks: by_id(tasks(caller).await?, |task| &task.id),
            reminders: by_id(reminders(caller).await?, |reminder| &reminder.id),
            schedules: by_id(schedules, |schedule| &schedule.id),
            occurrences: planned,
            notifications: by_id(notifications(caller).await?, |notification| &notification.id),
            deliveries: by_id(deliveries(caller).await?, |delivery| &delivery.id),
            channels: by_id(channels(caller).await?, |channel| &channel.id),
            history: history(caller).await?,
            ..Self::default()
        })
    }
}

fn by_id<T>(items: Vec<T>, id: impl Fn(&T) -> &String) -> BTreeMap<String, T> {
    items.into_iter().map(|item| (id(&item).clone(), item)).collect()
}

/// The planned occurrences of a schedule; those that are only computed have no end.
async fn occurrences(caller: &Caller, id: &str) -> Result<Vec<Occurrence>, Failure> {
    let mut request = ListOccurrencesRequest { id: id.to_owned(), page_size: 50, ..ListOccurrencesRequest::default() };
    let mut planned = Vec::new();
    loop {
        let method = "taskmesh.scheduler.v1.SchedulerService/ListOccurrences";
        let page = caller.call::<_, ListOccurrencesResponse>(method, &request).await;
        let page = page.map_err(|refusal| refusal.failure)?.answer;
        let (mut listed, before) = (page.occurrences, planned.len());
        let length = listed.len();
        listed.retain(|occurrence| occurrence.state() != OccurrenceState::Computed);
        let kept = listed.len();
        planned.extend(listed);
        request.page_token = page.next_page_token;
        if kept < length || request.page_token.is_empty() || planned.len() == before {
            return Ok(planned);
        }
    }
}
