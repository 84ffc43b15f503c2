//! A process and its life: settings → telemetry → connect → serve → ordered shutdown. The same for every program.
//!
//! A service's `main` is [`run_service`] with the one async function that starts it; everything that goes on in the
//! background is spawned on the [`Lifecycle`], which stops it in order.

mod admin;
mod arguments;
mod build;
pub mod config;
mod lifecycle;
mod lines;
mod process;
mod ready;
mod telemetry;

pub use admin::Metrics;
pub use build::version;
pub use config::{Secret, Settings};
pub use lifecycle::{Failed, Lifecycle, ShutdownConfig, Stage, TaskName, TaskOutcome};
pub use process::{ProcessConfig, exit_code, run_process, run_service};
pub use telemetry::{LogConfig, LogFormat};
