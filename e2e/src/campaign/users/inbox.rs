//! Looking into the inbox: some notifications are read, some only seen.

use mesh_proto::notify::v1::{
    ListNotificationsRequest, ListNotificationsResponse, MarkReadRequest, MarkSeenRequest, MarkSeenResponse,
    Notification,
};
use tonic::Code;

use super::{
    caller::{Acked, request_id},
    lane::Lane,
};
use crate::campaign::record::Step;

/// Looks at the newest notifications and marks one as read or all of them as seen.
pub(super) async fn story(lane: &mut Lane) -> Option<()> {
    lane.wait(500..=3_000).await;
    let request = ListNotificationsRequest { page_size: 20, ..ListNotificationsRequest::default() };
    let method = "taskmesh.notify.v1.NotifyService/ListNotifications";
    let page: Acked<ListNotificationsResponse> = lane.ask(method, &request).await?;
    let shown = page.answer.notifications;
    let unread: Vec<&Notification> = shown.iter().filter(|one| one.read_time.is_none()).collect();
    if unread.is_empty() {
        return Some(());
    }
    if lane.rng.chance(70) {
        let id = lane.rng.pick(&unread).id.clone();
        read(lane, &id).await
    } else {
        seen(lane, shown.into_iter().map(|one| one.id).collect()).await
    }
}

async fn read(lane: &mut Lane, id: &str) -> Option<()> {
    let request = MarkReadRequest { id: id.to_owned(), request_id: request_id(), ..MarkReadRequest::default() };
    let method = "taskmesh.notify.v1.NotifyService/MarkRead";
    let acked: Acked<Notification> = match lane.caller.call(method, &request).await {
        Ok(acked) => lane.noted(acked),
        // It was withdrawn between the look and the mark.
        Err(refusal) if matches!(refusal.failure.code, Code::FailedPrecondition | Code::NotFound) => {
            lane.ledger.oddities.extend(refusal.oddities);
            return Some(());
        }
        Err(refusal) => {
            lane.refused(method, &request, refusal);
            return None;
        }
    };
    let answer = Notification { change_id: String::new(), ..acked.answer };
    lane.ledger.marks.read(Step { verb: "read", began: acked.began, acked: acked.acked, answer });
    Some(())
}

async fn seen(lane: &mut Lane, ids: Vec<String>) -> Option<()> {
    let request = MarkSeenRequest { request_id: request_id(), ids: ids.clone(), ..MarkSeenRequest::default() };
    let _: Acked<MarkSeenResponse> = lane.ask("taskmesh.notify.v1.NotifyService/MarkSeen", &request).await?;
    lane.ledger.marks.seen(ids);
    Some(())
}
