//! A delivery as the contract tells it, and back; and what is asked about deliveries.

use mesh_proto::notify::v1 as proto;
use mesh_rpc::fields::{self, Checks, duration, duration_micros, timestamp};
use mesh_types::{Etag, Fault, PageSize, Timestamp};

use crate::{
    app::{ListDeliveries, RetryDelivery, WrittenDelivery},
    domain::{Attempt, AttemptOutcome, Delivery, DeliveryState},
};

/// The delivery as answers and events tell it.
pub(crate) fn delivery(it: &Delivery) -> proto::Delivery {
    proto::Delivery {
        id: it.id.to_string(),
        workspace_id: it.workspace_id.to_string(),
        user_id: it.user_id.to_string(),
        notification_ids: vec![it.notification_id.to_string()],
        channel_id: it.channel_id.to_string(),
        channel_kind: proto::ChannelKind::Webhook.into(),
        state: it.state.code().into(),
        deferral_reason: proto::DeferralReason::Unspecified.into(),
        next_attempt_time: it.next_attempt_time.map(timestamp),
        attempt_count: it.attempt_count,
        attempts: it.attempts.iter().map(attempt).collect(),
        deliver_time: it.deliver_time.map(timestamp),
        create_time: Some(timestamp(it.create_time)),
        update_time: Some(timestamp(it.update_time)),
        version: it.version,
        etag: it.etag().to_string(),
        created_by: it.created_by.to_string(),
        change_id: String::new(),
    }
}

fn attempt(it: &Attempt) -> proto::DeliveryAttempt {
    proto::DeliveryAttempt {
        number: it.number,
        start_time: Some(timestamp(it.start_time)),
        duration: Some(duration(it.duration_us)),
        outcome: it.outcome.code(),
        status_code: it.status_code.into(),
        error: it.error.clone(),
    }
}

/// The answer to a mutation.
pub(in crate::rpc) fn written_delivery(written: &WrittenDelivery) -> proto::Delivery {
    let change_id = written.change_id.map(|id| id.to_string()).unwrap_or_default();
    proto::Delivery { change_id, ..delivery(&written.delivery) }
}

/// The delivery that an event of ours tells of; `None` if it is none. How often it failed in a row is not told.
pub(crate) fn kept_delivery(it: proto::Delivery) -> Option<Delivery> {
    Some(Delivery {
        id: it.id.parse().ok()?,
        workspace_id: it.workspace_id.parse().ok()?,
        user_id: it.user_id.parse().ok()?,
        notification_id: it.notification_ids.first()?.parse().ok()?,
        channel_id: it.channel_id.parse().ok()?,
        state: DeliveryState::coded(i16::try_from(it.state).ok()?)?,
        next_attempt_time: it.next_attempt_time.map(kept),
        attempt_count: it.attempt_count,
        failures: 0,
        attempts: it.attempts.into_iter().map(kept_attempt).collect::<Option<_>>()?,
        deliver_time: it.deliver_time.map(kept),
        create_time: kept(it.create_time?),
        update_time: kept(it.update_time?),
        version: it.version,
        created_by: it.created_by.parse().ok()?,
        trace_parent: None,
    })
}

fn kept_attempt(it: proto::DeliveryAttempt) -> Option<Attempt> {
    Some(Attempt {
        number: it.number,
        start_time: kept(it.start_time?),
        duration_us: duration_micros(&it.duration?)?,
        outcome: AttemptOutcome::coded(it.outcome)?,
        status_code: u16::try_from(it.status_code).ok()?,
        error: it.error,
    })
}

fn kept(time: prost_types::Timestamp) -> Timestamp {
    Timestamp::from_parts(time.seconds, time.nanos).unwrap_or_default()
}

impl TryFrom<proto::ListDeliveriesRequest> for ListDeliveries {
    type Error = Fault;

    fn try_from(request: proto::ListDeliveriesRequest) -> Result<Self, Fault> {
        fields::refuse_filter("filter", &request.filter)?;
        super::refuse_other_order(&request.order_by, "create_time desc")?;
        Ok(Self {
            workspaces: fields::workspaces(&request.workspace_id)?,
            page_size: PageSize::from_request(request.page_size),
            page_token: request.page_token,
        })
    }
}

impl TryFrom<proto::RetryDeliveryRequest> for RetryDelivery {
    type Error = Fault;

    fn try_from(mut request: proto::RetryDeliveryRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = fields::request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let id = checks.uuid("id", &request.id);
        let etag = checks.token("etag", request.etag).map(Etag::sent);
        Ok(Self { id: checks.finish(id)?, etag, request: request_id })
    }
}
