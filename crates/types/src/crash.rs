//! Named places at which a test can kill the process, to see that nothing is lost or done twice.

use std::sync::{
    LazyLock,
    atomic::{AtomicU32, Ordering},
};

/// `TASKMESH_CRASH_AT=name` or `name:n`: die when `name` is passed for the n-th time.
static PLAN: LazyLock<Option<(String, AtomicU32)>> = LazyLock::new(|| {
    #[expect(clippy::disallowed_methods, reason = "a switch for tests, not a setting")]
    let plan = std::env::var("TASKMESH_CRASH_AT").ok()?;
    let (name, count) = plan.split_once(':').unwrap_or((&plan, "1"));
    Some((name.to_owned(), AtomicU32::new(count.parse().ok()?)))
});

/// Kills the process with SIGKILL if it was started with `TASKMESH_CRASH_AT` set to `name`; otherwise does nothing.
///
/// Nothing runs after it: no destructor, no flush, as in `kill -9` or a power cut.
pub fn crash_point(name: &str) {
    let Some((planned, remaining)) = PLAN.as_ref() else { return };
    if planned == name && remaining.fetch_sub(1, Ordering::SeqCst) == 1 {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::process::abort();
    }
}
