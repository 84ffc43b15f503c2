//! How many files this process may have open: each connection is one.

use rustix::process::{Resource, getrlimit, setrlimit};

/// How many open files are wanted beside those of clients: services, databases, the bus.
const OTHERS: u64 = 256;

/// Asks the system for as many open files as it lets us have, and says so if they are too few for so many connections.
/// Beyond what it lets us have, a quiet connection is closed for each new one.
pub(crate) fn raise(connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    let wanted = connections as u64 + OTHERS;
    let Some(current) = limit.current.filter(|current| *current < wanted) else { return };
    let raised = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let asked = setrlimit(Resource::Nofile, rustix::process::Rlimit { current: Some(raised), ..limit });
    if asked.is_err() || raised < wanted {
        let open_files = if asked.is_ok() { raised } else { current };
        tracing::warn!(open_files, connections, "the system lets us open fewer files than http.max_connections needs");
    }
}
