//! Events in and out: what reminders tell comes in; what happens to notifications, channels and deliveries goes out.

pub mod consume;
pub mod publish;

/// The name that this service goes by: as the source of its events, as who acts in them, and as a consumer.
pub const NAME: &str = "notify-svc";
