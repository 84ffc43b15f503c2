//! What is measured, one file per bar of the table.

mod burst;
mod create;
mod forward;
mod idle;
mod remind;
mod watch;

pub use burst::burst;
pub use create::create;
pub use forward::forward;
pub use idle::idle;
pub use remind::remind;
pub use watch::watch;
