//! What this program was built from.

/// The release.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit, where whoever built it said so by `TASKMESH_REVISION`.
pub(crate) const REVISION: &str = match option_env!("TASKMESH_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};
