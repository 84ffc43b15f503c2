//! What is measured, one file per bar of the table.

mod burst;
mod create;
mod forward;
mod idle;
mod recur;
mod remind;
mod timers;
mod watch;

pub use burst::burst;
pub use create::create;
pub use forward::forward;
pub use idle::idle;
pub use recur::{next, preview};
pub use remind::{remind, remind_in_one_process};
pub use timers::timers;
pub use watch::watch;
