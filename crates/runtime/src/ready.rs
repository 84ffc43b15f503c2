//! Telling whoever started the process that it is ready, and on which ports.

use std::{fs, net::SocketAddr, path::Path};

use anyhow::Context;
use serde::Serialize;

/// What the ready file says.
#[derive(Debug, Serialize)]
pub(crate) struct Ready<'a> {
    /// The program.
    pub(crate) service: &'a str,
    /// The process's id.
    pub(crate) pid: u32,
    /// Where it takes calls.
    pub(crate) listen: SocketAddr,
    /// Where it shows metrics and health, if it does.
    pub(crate) admin: Option<SocketAddr>,
}

impl Ready<'_> {
    /// Logs it and, if there is a `file`, writes it there: whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn announce(&self, file: Option<&Path>) -> anyhow::Result<()> {
        let admin = self.admin.map(|address| address.to_string()).unwrap_or_default();
        tracing::info!(
            service.name = self.service,
            process.pid = self.pid,
            listen.address = %self.listen,
            admin.address = admin,
            "ready"
        );
        let Some(file) = file else { return Ok(()) };
        let unfinished = file.with_extension("unfinished");
        let written = fs::write(&unfinished, serde_json::to_vec(self)?).and_then(|()| fs::rename(&unfinished, file));
        written.with_context(|| format!("cannot write the ready file {}", file.display()))
    }
}
