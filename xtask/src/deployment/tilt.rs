//! The Tiltfile and the scripts of local clusters.

use crate::workspace::Workspace;

/// Checks them.
///
/// # Errors
/// What is wrong.
pub(super) fn check(_: &Workspace) -> anyhow::Result<()> {
    Ok(())
}
