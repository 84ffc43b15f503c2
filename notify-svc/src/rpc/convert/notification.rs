//! A notification as the contract tells it, and back.

use mesh_proto::notify::v1 as proto;
use mesh_rpc::fields::timestamp;
use mesh_types::Timestamp;

use crate::{
    app::{NotificationPage, Written},
    domain::{Category, Notification},
};

/// The notification as answers and events tell it.
pub(crate) fn notification(it: &Notification) -> proto::Notification {
    proto::Notification {
        id: it.id.to_string(),
        workspace_id: it.workspace_id.to_string(),
        user_id: it.user_id.to_string(),
        category: it.category.code().into(),
        title: it.title.clone(),
        body: it.body.clone(),
        task_id: it.task_id.map(|id| id.to_string()),
        reminder_id: it.reminder_id.map(|id| id.to_string()),
        schedule_id: None,
        channel_id: None,
        event_time: Some(timestamp(it.event_time)),
        late: it.late,
        urgent: it.urgent,
        seen_time: it.seen_time.map(timestamp),
        read_time: it.read_time.map(timestamp),
        withdraw_time: it.withdraw_time.map(timestamp),
        create_time: Some(timestamp(it.create_time)),
        update_time: Some(timestamp(it.update_time)),
        version: it.version,
        etag: it.etag().to_string(),
        created_by: it.created_by.to_string(),
        change_id: String::new(),
    }
}

/// The answer to a mutation.
pub(in crate::rpc) fn written(written: &Written) -> proto::Notification {
    let change_id = written.change_id.map(|id| id.to_string()).unwrap_or_default();
    proto::Notification { change_id, ..notification(&written.notification) }
}

/// A page of an inbox.
pub(in crate::rpc) fn page(page: NotificationPage) -> proto::ListNotificationsResponse {
    proto::ListNotificationsResponse {
        notifications: page.notifications.iter().map(notification).collect(),
        next_page_token: page.next_page_token,
        unread_count: page.counts.unread,
        unseen_count: page.counts.unseen,
    }
}

/// The notification that an event of ours tells of; `None` if it is none.
pub(crate) fn kept_notification(it: proto::Notification) -> Option<Notification> {
    Some(Notification {
        id: it.id.parse().ok()?,
        workspace_id: it.workspace_id.parse().ok()?,
        user_id: it.user_id.parse().ok()?,
        category: Category::coded(i16::try_from(it.category).ok()?)?,
        title: it.title,
        body: it.body,
        task_id: parsed(it.task_id)?,
        reminder_id: parsed(it.reminder_id)?,
        event_time: instant(it.event_time?),
        late: it.late,
        urgent: it.urgent,
        seen_time: it.seen_time.map(instant),
        read_time: it.read_time.map(instant),
        withdraw_time: it.withdraw_time.map(instant),
        create_time: instant(it.create_time?),
        update_time: instant(it.update_time?),
        version: it.version,
        created_by: it.created_by.parse().ok()?,
    })
}

fn instant(time: prost_types::Timestamp) -> Timestamp {
    Timestamp::from_parts(time.seconds, time.nanos).unwrap_or_default()
}

/// `Some(None)` is unset; `None` makes no sense.
fn parsed<T: std::str::FromStr>(text: Option<String>) -> Option<Option<T>> {
    text.map(|text| text.parse().ok()).map_or(Some(None), |id| id.map(Some))
}
