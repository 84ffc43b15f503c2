//! What is measured, one file per bar of the table.

mod create;
mod forward;
mod idle;
mod watch;

pub use create::create;
pub use forward::forward;
pub use idle::idle;
pub use watch::watch;
