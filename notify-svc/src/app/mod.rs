//! What can be done, one file a use case. Each asks the domain to decide and the store to commit.

mod create_channel;
mod delete_channel;
mod deliver;
mod error;
mod get_channel;
mod list_channels;
mod list_deliveries;
mod list_notifications;
mod mark_read;
mod mark_seen;
mod page;
mod retry_delivery;
mod stream_notifications;
mod take_reminders;
mod update_channel;

use std::sync::Arc;

use mesh_events::live::Live;
use mesh_types::Clock;
use tokio::sync::Notify;

use crate::{clients::webhooks::Webhooks, domain::Notification, store::Store};

pub use create_channel::CreateChannel;
pub use delete_channel::DeleteChannel;
pub use deliver::{Due, begin_counting};
pub use error::Error;
pub use list_channels::{ChannelPage, ListChannels};
pub use list_deliveries::{DeliveryPage, ListDeliveries};
pub use list_notifications::{ListNotifications, NotificationPage};
pub use mark_read::MarkRead;
pub use mark_seen::MarkSeen;
pub use retry_delivery::RetryDelivery;
pub use stream_notifications::StreamNotifications;
pub use update_channel::UpdateChannel;

pub use crate::store::{Written, WrittenChannel, WrittenDelivery};

/// Every use case, and what they need.
pub struct App {
    store: Store,
    live: Arc<Live<Notification>>,
    webhooks: Webhooks,
    deliveries_due: Arc<Notify>,
    clock: Arc<dyn Clock>,
}

impl App {
    /// The use cases on this store, telling live changes as they come in, and waking whoever waits for deliveries.
    pub fn new(
        store: Store,
        live: Arc<Live<Notification>>,
        webhooks: Webhooks,
        deliveries_due: Arc<Notify>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, live, webhooks, deliveries_due, clock }
    }
}
