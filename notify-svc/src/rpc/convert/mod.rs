//! Between the messages of the contract and the domain: the only place that knows which fields may be absent, and what
//! that means.

mod channel;
mod channel_requests;
mod delivery;
mod notification;

use mesh_events::live::Place;
use mesh_proto::notify::v1 as proto;
use mesh_rpc::fields::{self, Checks};
use mesh_types::{ErrorKind, Etag, Fault, PageSize, Reason, WorkspaceId};

use crate::{
    app::{ListNotifications, MarkRead, MarkSeen, StreamNotifications},
    domain::{NotificationId, OrderBy},
};

pub(super) use channel::written_channel;
pub(crate) use channel::{channel, kept_channel};
pub(super) use channel_requests::get_channel;
pub(super) use delivery::written_delivery;
pub(crate) use delivery::{delivery, kept_delivery};
pub(crate) use notification::{kept_notification, notification};
pub(super) use notification::{page, written};

impl TryFrom<proto::ListNotificationsRequest> for ListNotifications {
    type Error = Fault;

    fn try_from(request: proto::ListNotificationsRequest) -> Result<Self, Fault> {
        fields::refuse_filter("filter", &request.filter)?;
        let order: OrderBy = request.order_by.parse()?;
        Ok(Self {
            workspaces: fields::workspaces(&request.workspace_id)?,
            show_withdrawn: request.show_withdrawn,
            order,
            page_size: PageSize::from_request(request.page_size),
            page_token: request.page_token,
        })
    }
}

impl TryFrom<proto::MarkReadRequest> for MarkRead {
    type Error = Fault;

    fn try_from(mut request: proto::MarkReadRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = fields::request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let id = checks.uuid("id", &request.id).map(NotificationId);
        let etag = checks.token("etag", request.etag).map(Etag::sent);
        Ok(Self { id: checks.finish(id)?, etag, request: request_id })
    }
}

impl TryFrom<proto::MarkSeenRequest> for MarkSeen {
    type Error = Fault;

    fn try_from(mut request: proto::MarkSeenRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = fields::request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let workspace = match request.workspace_id.as_str() {
            "" => Some(None),
            id => checks.uuid("workspace_id", id).map(|id| Some(WorkspaceId(id))),
        };
        let ids = request.ids.iter().enumerate();
        let ids = ids.filter_map(|(index, id)| checks.uuid(&format!("ids[{index}]"), id).map(NotificationId)).collect();
        let up_to = request.up_to.map(|time| {
            let instant = fields::instant(&time);
            if instant.is_none() {
                checks.add("up_to", "timestamp", "must be an instant between the years 1 and 9999");
            }
            instant.unwrap_or_default()
        });
        Ok(Self { workspace: checks.finish(workspace)?, ids, up_to, request: request_id })
    }
}

impl TryFrom<proto::StreamNotificationsRequest> for StreamNotifications {
    type Error = Fault;

    fn try_from(request: proto::StreamNotificationsRequest) -> Result<Self, Fault> {
        fields::refuse_filter("filter", &request.filter)?;
        let resume = Place::from_token(&request.resume_token)?;
        Ok(Self { workspaces: fields::workspaces(&request.workspace_id)?, resume })
    }
}

/// Channels and deliveries come in one order only, so far; ignoring another would answer something else than what was
/// asked.
fn refuse_other_order(order_by: &str, only: &'static str) -> Result<(), Fault> {
    let asked = order_by.split_whitespace().collect::<Vec<_>>().join(" ");
    if asked.is_empty() || asked == only || asked == format!("{only} asc") {
        return Ok(());
    }
    let message = format!("there is no other order than {only} yet; leave order_by empty");
    Err(Fault::new(ErrorKind::InvalidArgument, Reason::OrderByInvalid, message))
}
