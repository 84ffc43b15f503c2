//! Logs: for people on a terminal, as JSON lines otherwise. Always on standard error.

use std::io::{IsTerminal, stderr};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

use crate::lines::Gathered;

/// What is logged, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// Levels by module, such as `info,task_svc=debug`.
    pub filter: String,
    /// How lines look.
    pub format: LogFormat,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info,sqlx=warn,sea_orm_migration=warn,async_nats=warn".to_owned(), format: LogFormat::Auto }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// [`LogFormat::Text`] on a terminal, else [`LogFormat::Json`].
    Auto,
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging for the whole process. Panics are logged too.
///
/// # Errors
/// When the filter is none, or logging was started before.
pub(crate) fn init(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter).context("log.filter is not a filter")?;
    let terminal = stderr().is_terminal();
    let writer = Gathered::start().context("no thread for the log")?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_span_events(FmtSpan::NONE);
    let json = config.format == LogFormat::Json || (config.format == LogFormat::Auto && !terminal);
    let started = match json {
        true => lines.json().flatten_event(true).with_span_list(false).try_init(),
        false => lines.with_ansi(terminal).with_target(false).try_init(),
    };
    started.map_err(anyhow::Error::from_boxed)?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload_as_str().unwrap_or_default();
    tracing::error!(panic.location = location, panic.message = message, "panicked");
}
