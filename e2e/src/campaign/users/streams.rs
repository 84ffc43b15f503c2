//! The two streams that users follow.

use mesh_proto::{
    notify::v1::{
        Notification, StreamNotificationsRequest, StreamNotificationsResponse,
        stream_notifications_response::Event as Change,
    },
    task::v1::{Task, WatchTasksResponse, watch_tasks_response::Event},
};

use super::{
    caller::Caller,
    follow::{Followed, Told},
};
use crate::{Client, Failure, Messages, campaign::world};

/// WatchTasks.
#[derive(Debug)]
pub(in crate::campaign) struct TaskStream;

/// StreamNotifications.
#[derive(Debug)]
pub(in crate::campaign) struct NotificationStream;

impl Followed for TaskStream {
    type Item = Task;
    type Message = WatchTasksResponse;

    async fn open(client: &Client, token: &str) -> Result<Messages<WatchTasksResponse>, Failure> {
        client.watch_tasks(token).await
    }

    async fn list(caller: &Caller) -> Option<Vec<Task>> {
        world::tasks(caller).await.ok()
    }

    fn read(message: WatchTasksResponse) -> (Told<Task>, String) {
        let told = match message.event {
            Some(Event::Position(_)) => Told::Position,
            Some(Event::Changed(change)) => {
                change.task.map_or(Told::Nothing, |task| Told::Changed(Task { change_id: String::new(), ..task }))
            }
            Some(Event::LeftFilter(removal)) => Told::Gone(removal.id, removal.version),
            _ => Told::Nothing,
        };
        (told, message.resume_token)
    }

    fn is_gone(_: &Task) -> bool {
        false
    }
}

impl Followed for NotificationStream {
    type Item = Notification;
    type Message = StreamNotificationsResponse;

    async fn open(client: &Client, token: &str) -> Result<Messages<StreamNotificationsResponse>, Failure> {
        let request =
            StreamNotificationsRequest { resume_token: token.to_owned(), ..StreamNotificationsRequest::default() };
        client.stream("taskmesh.notify.v1.NotifyService/StreamNotifications", &request).await
    }

    async fn list(caller: &Caller) -> Option<Vec<Notification>> {
        world::notifications(caller).await.ok()
    }

    fn read(message: StreamNotificationsResponse) -> (Told<Notification>, String) {
        let told = match message.event {
            Some(Change::Position(_)) => Told::Position,
            Some(Change::Created(change) | Change::Updated(change)) => {
                change.notification.map_or(Told::Nothing, |notification| {
                    Told::Changed(Notification { change_id: String::new(), ..notification })
                })
            }
            Some(Change::Withdrawn(withdrawal)) => Told::Gone(withdrawal.id, withdrawal.version),
            _ => Told::Nothing,
        };
        (told, message.resume_token)
    }

    fn is_gone(notification: &Notification) -> bool {
        notification.withdraw_time.is_some()
    }
}
