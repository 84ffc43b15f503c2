//! What is sent: the body, and the headers that sign it.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use http_body_util::Full;
use jiff::Timestamp as Instant;
use mesh_types::Timestamp;
use serde::Serialize;

use super::Message;
use crate::domain::{Category, Failure, Notification, WebhookKeys, WebhookUrl};

const USER_AGENT: &str = concat!("Taskmesh/", env!("CARGO_PKG_VERSION"));

/// The body, as Standard Webhooks wants it. It tells only what does not change, so that it is the same in every attempt.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Data<'a>,
}

/// The notification, named as in the contract's JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    id: String,
    workspace_id: String,
    user_id: String,
    category: &'static str,
    title: &'a str,
    body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reminder_id: Option<String>,
    event_time: String,
    late: bool,
    urgent: bool,
    create_time: String,
}

/// The signed request.
pub(super) fn request(
    url: &WebhookUrl,
    keys: &WebhookKeys,
    message: Message<'_>,
    now: Timestamp,
) -> Result<Request<Full<Bytes>>, Failure> {
    let body = body(message.notification);
    let id = message.id.to_string();
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(url.path_and_query())
        .header(header::HOST, url.authority())
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header(header::CONNECTION, HeaderValue::from_static("close"))
        .header("webhook-timestamp", now.to_parts().0)
        .header("webhook-signature", keys.signatures(&id, now, &body))
        .header("webhook-id", id);
    if let Some(place) = message.trace_parent {
        request = request.header("traceparent", place.to_string());
    }
    request
        .body(Full::new(body))
        // A URL can hold what a request line cannot.
        .map_err(|_| Failure::Broken)
}

fn body(notification: &Notification) -> Bytes {
    let (kind, category) = names(notification.category);
    let body = Body {
        r#type: kind,
        timestamp: text(notification.create_time),
        data: Data {
            id: notification.id.to_string(),
            workspace_id: notification.workspace_id.to_string(),
            user_id: notification.user_id.to_string(),
            category,
            title: &notification.title,
            body: &notification.body,
            task_id: notification.task_id.map(|id| id.to_string()),
            reminder_id: notification.reminder_id.map(|id| id.to_string()),
            event_time: text(notification.event_time),
            late: notification.late,
            urgent: notification.urgent,
            create_time: text(notification.create_time),
        },
    };
    // Texts, booleans and nothing else: there is no way for this to fail.
    serde_json::to_vec(&body).unwrap_or_default().into()
}

/// What each category is called as a type of message, and in the contract.
fn names(category: Category) -> (&'static str, &'static str) {
    match category {
        Category::Reminder => ("reminder.fired", "NOTIFICATION_CATEGORY_REMINDER"),
        Category::Overdue => ("task.overdue", "NOTIFICATION_CATEGORY_OVERDUE"),
        Category::TaskChange => ("task.changed", "NOTIFICATION_CATEGORY_TASK_CHANGE"),
        Category::Schedule => ("schedule.attention", "NOTIFICATION_CATEGORY_SCHEDULE"),
        Category::Channel => ("channel.attention", "NOTIFICATION_CATEGORY_CHANNEL"),
        Category::Security => ("account.security", "NOTIFICATION_CATEGORY_SECURITY"),
    }
}

/// The instant in RFC 3339.
fn text(instant: Timestamp) -> String {
    Instant::from_microsecond(instant.as_micros()).unwrap_or_default().to_string()
}
