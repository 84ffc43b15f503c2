//! Why a rule says no.

use mesh_types::{ErrorKind, Etag, Fault, Reason, Violation};
use uuid::Uuid;

use super::WebhookUrlError;

/// Every way in which the rules of notifications, channels and deliveries refuse a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    /// Somebody has changed it since it was read.
    #[error("the {kind} has changed since this etag was read")]
    EtagStale {
        /// What it is.
        kind: &'static str,
        /// Which one.
        id: Uuid,
        /// The etag it has now.
        current: Etag,
    },
    /// It is deleted.
    #[error("the {kind} is deleted")]
    Deleted {
        /// What it is.
        kind: &'static str,
        /// Which one.
        id: Uuid,
    },
    /// The person has as many channels as anybody may have.
    #[error("a person has at most {most} channels; delete one first")]
    TooManyChannels {
        /// How many.
        most: u64,
    },
    /// The URL of a webhook leads to where no request may go.
    #[error("channel.webhook.url {0}")]
    UrlRefused(WebhookUrlError),
    /// There is nothing left to tell, or nowhere to tell it.
    #[error("the delivery was cancelled: its notification was withdrawn, or its channel is off or deleted")]
    DeliveryVoid {
        /// Which delivery.
        id: Uuid,
    },
}

impl NotifyError {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::EtagStale { .. } => ErrorKind::Aborted,
            Self::Deleted { .. } | Self::DeliveryVoid { .. } => ErrorKind::FailedPrecondition,
            Self::TooManyChannels { .. } => ErrorKind::ResourceExhausted,
            Self::UrlRefused(_) => ErrorKind::InvalidArgument,
        }
    }

    fn reason(&self) -> Reason {
        match self {
            Self::EtagStale { .. } => Reason::EtagMismatch,
            Self::Deleted { .. } => Reason::ResourceDeleted,
            Self::DeliveryVoid { .. } => Reason::StateInvalid,
            Self::TooManyChannels { .. } => Reason::QuotaExceeded,
            Self::UrlRefused(_) => Reason::FieldsInvalid,
        }
    }
}

impl From<NotifyError> for Fault {
    fn from(error: NotifyError) -> Self {
        let fault = Self::new(error.kind(), error.reason(), error.to_string());
        match error {
            NotifyError::EtagStale { kind, id, current } => fault.about(kind, id).with("etag", current),
            NotifyError::Deleted { kind, id } => fault.about(kind, id),
            NotifyError::DeliveryVoid { id } => fault.about("delivery", id),
            NotifyError::TooManyChannels { most } => fault.with("limit", most),
            NotifyError::UrlRefused(error) => {
                Self::invalid(vec![Violation::new("channel.webhook.url", error.rule(), error.to_string())])
            }
        }
    }
}
