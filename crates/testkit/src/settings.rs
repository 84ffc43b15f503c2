//! Where the servers are: the variables that `cargo xtask test` sets.

/// The PostgreSQL server on which databases are made.
pub(crate) const POSTGRES: &str = "TASKMESH_TEST_POSTGRES";

/// The nats-server on which streams are made.
pub(crate) const NATS: &str = "TASKMESH_TEST_NATS";

/// The value of a variable that a test cannot do without.
#[track_caller]
pub(crate) fn required(name: &str) -> String {
    optional(name).unwrap_or_else(|| panic!("{name} is not set: run `cargo xtask test`, which starts the servers"))
}

/// The value of a variable that has a default.
pub(crate) fn optional(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "tests are told by their runner, not by a configuration file")]
    std::env::var(name).ok()
}
