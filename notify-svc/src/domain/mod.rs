//! What is true of notifications, channels and deliveries: pure and synchronous. Reading order: [`Firing`] (what a
//! reminder says) → [`Notification`] (what a person is told) → channels and deliveries (where else they are told it).

mod attempt;
mod backoff;
mod cause;
mod channel;
mod channel_event;
mod delivery;
mod delivery_event;
mod error;
mod event;
mod event_fields;
mod notification;
mod order;
mod page_key;
mod reminder;
mod webhook;
mod webhook_address;
mod webhook_network;
mod webhook_secret;

pub use attempt::{Answer, Attempt, AttemptOutcome, Failure, Response};
pub use backoff::RetrySchedule;
pub use cause::Cause;
pub use channel::{Channel, ChannelDraft, ChannelEdit, ChannelName, ChannelNameError};
pub use channel_event::{ChannelEvent, ChannelField, ChannelVerb};
pub use delivery::{Delivery, DeliveryState};
pub use delivery_event::{DeliveryEvent, DeliveryField, DeliveryVerb};
pub use error::NotifyError;
pub use event::{Field, NotificationEvent, Verb};
pub use notification::{Category, Notification, NotificationId};
pub use order::{OrderBy, SortField};
pub use page_key::PageKey;
pub use reminder::{Firing, Revision, Voiding};
pub use webhook::{Destination, WebhookUrl, WebhookUrlError};
pub use webhook_address::AddressGuard;
pub use webhook_network::{Network, NotANetwork};
pub use webhook_secret::{WebhookKeys, WebhookSecret};
