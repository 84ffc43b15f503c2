//! What happened, as the event log and the bus carry it; and the thing in such an event.

pub mod channel;
pub mod delivery;
pub mod notification;

/// What events of notifications are about.
pub const NOTIFICATION: &str = "notification";
/// What events of channels are about.
pub const CHANNEL: &str = "channel";
/// What events of deliveries are about.
pub const DELIVERY: &str = "delivery";
