//! What somebody has: one of everything, so that every request finds something to name.

use anyhow::{Context, Result, ensure};
use e2e::{Client, Person};
use mesh_proto::{
    auth::v1::Invitation,
    notify::v1::{Channel, WebhookTarget},
    scheduler::v1::{Reminder, Schedule},
    task::v1::{Task, TaskTime, task_time},
};

const SECRET: &str = "nobody else's business";

/// One of everything that somebody can have.
pub(super) struct Things {
    task: Task,
    schedule: Schedule,
    reminder: Reminder,
    channel: Channel,
    invitation: Invitation,
}

impl Things {
    /// Makes them for `person`, who calls.
    pub(super) async fn make(client: &Client, person: &Person) -> Result<Self> {
        let day = task_time::Value::Date("2099-01-31".to_owned());
        let due = TaskTime { value: Some(day), time_zone: "Europe/Berlin".to_owned() };
        let task = Task { title: Some(SECRET.to_owned()), due: Some(due), ..Task::default() };
        let task = client.create_task(task).await?;
        let offset = Some(prost_types::Duration { seconds: -900, nanos: 0 });
        let reminder = client.create_reminder(&task.id, Reminder { offset, ..Reminder::default() }, "").await?;
        let url = Some("https://example.com/hook".to_owned());
        let webhook = Some(WebhookTarget { url, ..WebhookTarget::default() });
        let channel = Channel { name: Some(SECRET.to_owned()), webhook, ..Channel::default() };
        let channel = client.create_channel(channel, "").await?;
        let (task_id, rrule) = (Some(task.id.clone()), Some("FREQ=YEARLY".to_owned()));
        let schedule = client.create_schedule(Schedule { task_id, rrule, ..Schedule::default() }, "").await?;
        // What concerns the account, only who is signed in may do.
        let invitation = client
            .with_token(&person.access_token)
            .create_invitation()
            .await?
            .invitation
            .context("an invitation comes with its code")?;
        Ok(Self { task, schedule, reminder, channel, invitation })
    }

    /// Their ids.
    pub(super) fn ids(&self) -> [&String; 5] {
        [&self.task.id, &self.schedule.id, &self.reminder.id, &self.channel.id, &self.invitation.id]
    }

    /// That nobody changed them since.
    pub(super) async fn are_unchanged(&self, client: &Client) -> Result<()> {
        let task = client.get_task(&self.task.id).await?;
        // The scheduler has noted on it that it is an occurrence.
        ensure!(task.title == self.task.title && task.status == self.task.status, "it was changed: {task:?}");
        let schedule = client.get_schedule(&self.schedule.id).await?;
        ensure!(schedule.version == self.schedule.version, "it was changed: {schedule:?}");
        let reminders = client.all_reminders().await?;
        ensure!(reminders.len() == 1 && reminders[0].version == self.reminder.version, "{reminders:?}");
        let channel = client.get_channel(&self.channel.id).await?;
        ensure!(channel.version == self.channel.version, "it was changed: {channel:?}");
        Ok(())
    }
}
