//! Events in: every one of them, of every service.

mod consume;

pub use consume::{Recorder, everything};
