//! What this program was built from.

use std::sync::LazyLock;

/// The release.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit, where whoever built it said so by `TASKMESH_REVISION`.
pub(crate) const REVISION: &str = match option_env!("TASKMESH_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// Which release this is, and from which commit: `0.1.0 (unknown)` where nobody said.
pub fn version() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| format!("{VERSION} ({REVISION})"));
    &TEXT
}
