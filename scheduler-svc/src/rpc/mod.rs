//! gRPC in: decode, call the use case, encode. What goes wrong becomes a status here.

pub(crate) mod convert;

use std::sync::Arc;

use mesh_proto::scheduler::v1::{
    CreateReminderRequest, CreateScheduleRequest, DeleteReminderRequest, DeleteScheduleRequest, DismissReminderRequest,
    EndScheduleRequest, GetScheduleRequest, ListOccurrencesRequest, ListOccurrencesResponse, ListRemindersRequest,
    ListRemindersResponse, ListSchedulesRequest, ListSchedulesResponse, PauseScheduleRequest, PreviewScheduleRequest,
    PreviewScheduleResponse, Reminder, ResumeScheduleRequest, Schedule, SkipOccurrenceRequest, SnoozeReminderRequest,
    SplitScheduleRequest, SplitScheduleResponse, UndeleteReminderRequest, UndeleteScheduleRequest,
    UpdateReminderRequest, UpdateScheduleRequest, scheduler_service_server::SchedulerService,
};
use mesh_rpc::{accept, status};
use mesh_types::Fault;
use tonic::{Request, Response, Status, async_trait};

use crate::app::{
    App, Error, ListOccurrences, ListReminders, ListSchedules, SnoozeReminder, Target, Written, WrittenSchedule,
};

/// `taskmesh.scheduler.v1.SchedulerService`.
pub struct SchedulerRpc {
    app: Arc<App>,
}

impl SchedulerRpc {
    /// The service over these use cases.
    pub fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[async_trait]
impl SchedulerService for SchedulerRpc {
    async fn create_schedule(&self, request: Request<CreateScheduleRequest>) -> Result<Response<Schedule>, Status> {
        let (caller, message) = accept(request)?;
        let new = message.try_into().map_err(status)?;
        schedule_answer(self.app.create_schedule(&caller, new).await)
    }

    async fn get_schedule(&self, request: Request<GetScheduleRequest>) -> Result<Response<Schedule>, Status> {
        let (caller, message) = accept(request)?;
        let id = convert::get_schedule(&message).map_err(status)?;
        let schedule = self.app.get_schedule(&caller, id).await.map_err(refused)?;
        Ok(Response::new(convert::schedule(&schedule)))
    }

    async fn list_schedules(
        &self,
        request: Request<ListSchedulesRequest>,
    ) -> Result<Response<ListSchedulesResponse>, Status> {
        let (caller, message) = accept(request)?;
        let list = ListSchedules::try_from(message).map_err(status)?;
        let page = self.app.list_schedules(&caller, list).await.map_err(refused)?;
        let schedules = page.schedules.iter().map(convert::schedule).collect();
        Ok(Response::new(ListSchedulesResponse { schedules, next_page_token: page.next_page_token }))
    }

    async fn update_schedule(&self, request: Request<UpdateScheduleRequest>) -> Result<Response<Schedule>, Status> {
        let (caller, message) = accept(request)?;
        let update = message.try_into().map_err(status)?;
        schedule_answer(self.app.update_schedule(&caller, update).await)
    }

    async fn delete_schedule(&self, request: Request<DeleteScheduleRequest>) -> Result<Response<Schedule>, Status> {
        let (caller, message) = accept(request)?;
        let delete = message.try_into().map_err(status)?;
        schedule_answer(self.app.delete_schedule(&caller, &delete).await)
    }

    async fn undelete_schedule(&self, request: Request<UndeleteScheduleRequest>) -> Result<Response<Schedule>, Status> {
        let (caller, message) = accept(request)?;
        let target = Target::try_from(message).map_err(status)?;
        schedule_answer(self.app.undelete_schedule(&caller, &target).await)
    }

    async fn skip_occurrence(&self, request: Request<SkipOccurrenceRequest>) -> Result<Response<Schedule>, Status> {
        let (caller, message) = accept(request)?;
        let skip = message.try_into().map_err(status)?;
        schedule_answer(self.app.skip_occurrence(&caller, &skip).await)
    }

    async fn split_schedule(
        &self,
        request: Request<SplitScheduleRequest>,
    ) -> Result<Response<SplitScheduleResponse>, Status> {
        let (caller, message) = accept(request)?;
        let split = message.try_into().map_err(status)?;
        let written = self.app.split_schedule(&caller, split).await.map_err(refused)?;
        Ok(Response::new(convert::written_split(&written)))
    }

    async fn pause_schedule(&self, request: Request<PauseScheduleRequest>) -> Result<Response<Schedule>, Status> {
        let (caller, message) = accept(request)?;
        let target = Target::try_from(message).map_err(status)?;
        schedule_answer(self.app.pause_schedule(&caller, &target).await)
    }

    async fn resume_schedule(&self, request: Request<ResumeScheduleRequest>) -> Result<Response<Schedule>, Status> {
        let (caller, message) = accept(request)?;
        let target = Target::try_from(message).map_err(status)?;
        schedule_answer(self.app.resume_schedule(&caller, &target).await)
    }

    async fn end_schedule(&self, request: Request<EndScheduleRequest>) -> Result<Response<Schedule>, Status> {
        let (caller, message) = accept(request)?;
        let target = Target::try_from(message).map_err(status)?;
        schedule_answer(self.app.end_schedule(&caller, &target).await)
    }

    async fn list_occurrences(
        &self,
        request: Request<ListOccurrencesRequest>,
    ) -> Result<Response<ListOccurrencesResponse>, Status> {
        let (caller, message) = accept(request)?;
        let list = ListOccurrences::try_from(message).map_err(status)?;
        let page = self.app.list_occurrences(&caller, list).await.map_err(refused)?;
        Ok(Response::new(convert::occurrences(page)))
    }

    async fn preview_schedule(
        &self,
        request: Request<PreviewScheduleRequest>,
    ) -> Result<Response<PreviewScheduleResponse>, Status> {
        let (caller, message) = accept(request)?;
        let outline = message.try_into().map_err(status)?;
        let preview = self.app.preview_schedule(&caller, &outline).map_err(refused)?;
        Ok(Response::new(convert::preview(&preview)))
    }

    async fn create_reminder(&self, request: Request<CreateReminderRequest>) -> Result<Response<Reminder>, Status> {
        let (caller, message) = accept(request)?;
        let new = message.try_into().map_err(status)?;
        answer(self.app.create_reminder(&caller, new).await)
    }

    async fn list_reminders(
        &self,
        request: Request<ListRemindersRequest>,
    ) -> Result<Response<ListRemindersResponse>, Status> {
        let (caller, message) = accept(request)?;
        let list = ListReminders::try_from(message).map_err(status)?;
        let page = self.app.list_reminders(&caller, list).await.map_err(refused)?;
        let reminders = page.reminders.iter().map(convert::reminder).collect();
        Ok(Response::new(ListRemindersResponse { reminders, next_page_token: page.next_page_token }))
    }

    async fn update_reminder(&self, request: Request<UpdateReminderRequest>) -> Result<Response<Reminder>, Status> {
        let (caller, message) = accept(request)?;
        let update = message.try_into().map_err(status)?;
        answer(self.app.update_reminder(&caller, update).await)
    }

    async fn delete_reminder(&self, request: Request<DeleteReminderRequest>) -> Result<Response<Reminder>, Status> {
        let (caller, message) = accept(request)?;
        let target = Target::try_from(message).map_err(status)?;
        answer(self.app.delete_reminder(&caller, &target).await)
    }

    async fn undelete_reminder(&self, request: Request<UndeleteReminderRequest>) -> Result<Response<Reminder>, Status> {
        let (caller, message) = accept(request)?;
        let target = Target::try_from(message).map_err(status)?;
        answer(self.app.undelete_reminder(&caller, &target).await)
    }

    async fn snooze_reminder(&self, request: Request<SnoozeReminderRequest>) -> Result<Response<Reminder>, Status> {
        let (caller, message) = accept(request)?;
        let snooze = SnoozeReminder::try_from(message).map_err(status)?;
        answer(self.app.snooze_reminder(&caller, &snooze).await)
    }

    async fn dismiss_reminder(&self, request: Request<DismissReminderRequest>) -> Result<Response<Reminder>, Status> {
        let (caller, message) = accept(request)?;
        let target = Target::try_from(message).map_err(status)?;
        answer(self.app.dismiss_reminder(&caller, &target).await)
    }
}

/// The answer to a mutation of a reminder.
fn answer(result: Result<Written, Error>) -> Result<Response<Reminder>, Status> {
    result.map(|written| Response::new(convert::written(&written))).map_err(refused)
}

/// The answer to a mutation of a schedule.
fn schedule_answer(result: Result<WrittenSchedule, Error>) -> Result<Response<Schedule>, Status> {
    result.map(|written| Response::new(convert::written_schedule(&written))).map_err(refused)
}

fn refused(error: Error) -> Status {
    status(Fault::from(error))
}
