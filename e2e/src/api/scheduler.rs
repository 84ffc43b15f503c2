//! Schedules and reminders.

use mesh_proto::scheduler::v1::{
    CreateReminderRequest, CreateScheduleRequest, DeleteReminderRequest, GetScheduleRequest, ListOccurrencesRequest,
    ListOccurrencesResponse, ListRemindersRequest, ListRemindersResponse, Occurrence, Reminder, Schedule,
    SnoozeReminderRequest, UpdateReminderRequest,
};
use prost_types::FieldMask;

use super::Answer;
use crate::Client;

/// Reminders.
#[expect(missing_docs, reason = "each is the RPC of its name")]
impl Client {
    pub async fn create_reminder(&self, task_id: &str, reminder: Reminder, request_id: &str) -> Answer<Reminder> {
        let (task_id, request_id) = (task_id.to_owned(), request_id.to_owned());
        let reminder = Some(reminder);
        let request = CreateReminderRequest { reminder, task_id, request_id, ..CreateReminderRequest::default() };
        self.call("taskmesh.scheduler.v1.SchedulerService/CreateReminder", &request).await
    }

    pub async fn update_reminder(&self, reminder: Reminder, mask: &[&str], request_id: &str) -> Answer<Reminder> {
        let update_mask = FieldMask { paths: mask.iter().map(|path| (*path).to_owned()).collect() };
        let update_mask = (!mask.is_empty()).then_some(update_mask);
        let request =
            UpdateReminderRequest { reminder: Some(reminder), update_mask, request_id: request_id.to_owned() };
        self.call("taskmesh.scheduler.v1.SchedulerService/UpdateReminder", &request).await
    }

    pub async fn delete_reminder(&self, id: &str, request_id: &str) -> Answer<Reminder> {
        let (id, request_id) = (id.to_owned(), request_id.to_owned());
        let request = DeleteReminderRequest { id, request_id, ..DeleteReminderRequest::default() };
        self.call("taskmesh.scheduler.v1.SchedulerService/DeleteReminder", &request).await
    }

    pub async fn snooze_reminder(&self, id: &str, delay: std::time::Duration, request_id: &str) -> Answer<Reminder> {
        let delay = prost_types::Duration::try_from(delay).ok();
        let (id, request_id) = (id.to_owned(), request_id.to_owned());
        let request = SnoozeReminderRequest { id, request_id, delay, ..SnoozeReminderRequest::default() };
        self.call("taskmesh.scheduler.v1.SchedulerService/SnoozeReminder", &request).await
    }

    /// Every reminder of the caller.
    pub async fn all_reminders(&self) -> Answer<Vec<Reminder>> {
        let mut request =
            ListRemindersRequest { page_size: 1000, show_deleted: true, ..ListRemindersRequest::default() };
        let mut reminders = Vec::new();
        loop {
            let page: ListRemindersResponse =
                self.call("taskmesh.scheduler.v1.SchedulerService/ListReminders", &request).await?;
            reminders.extend(page.reminders);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return Ok(reminders);
            }
        }
    }
}

/// Schedules.
#[expect(missing_docs, reason = "each is the RPC of its name")]
impl Client {
    pub async fn create_schedule(&self, schedule: Schedule, request_id: &str) -> Answer<Schedule> {
        let (schedule, request_id) = (Some(schedule), request_id.to_owned());
        let request = CreateScheduleRequest { schedule, request_id, ..CreateScheduleRequest::default() };
        self.call("taskmesh.scheduler.v1.SchedulerService/CreateSchedule", &request).await
    }

    pub async fn get_schedule(&self, id: &str) -> Answer<Schedule> {
        let request = GetScheduleRequest { id: id.to_owned() };
        self.call("taskmesh.scheduler.v1.SchedulerService/GetSchedule", &request).await
    }

    /// The first `count` occurrences of a schedule: past ones with their tasks, then computed ones.
    pub async fn list_occurrences(&self, id: &str, count: i32) -> Answer<Vec<Occurrence>> {
        let mut request =
            ListOccurrencesRequest { id: id.to_owned(), page_size: count, ..ListOccurrencesRequest::default() };
        let mut occurrences: Vec<Occurrence> = Vec::new();
        loop {
            let page: ListOccurrencesResponse =
                self.call("taskmesh.scheduler.v1.SchedulerService/ListOccurrences", &request).await?;
            occurrences.extend(page.occurrences);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() || occurrences.len() >= count as usize {
                return Ok(occurrences);
            }
        }
    }
}
