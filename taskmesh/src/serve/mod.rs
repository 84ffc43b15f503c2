//! `taskmesh serve`: every service in one process. The same code as in a mesh; only what is around it differs: SQLite
//! files for databases, an embedded event log for the bus, connections in memory between the services.

mod compose;
mod data_folder;

use mesh_runtime::{LogConfig, ProcessConfig, ShutdownConfig, run_process};
use mesh_trace::TracesConfig;

use crate::command_line::ServeOptions;
use data_folder::DataFolder;

/// More threads than this would only cost memory: SQLite has one writer anyway.
const MOST_THREADS: usize = 4;

/// Serves until a signal or a failure.
///
/// # Errors
/// When the data folder is not usable, a service does not start, or a part of it fails.
pub(crate) fn run(options: &ServeOptions) -> anyhow::Result<()> {
    // Held to the end: nobody else may use the folder while we do.
    let folder = DataFolder::open(&options.data)?;
    run_process("taskmesh", &process(options), |lifecycle| compose::start(options, &folder, lifecycle))
}

fn process(options: &ServeOptions) -> ProcessConfig {
    let usual = LogConfig::default();
    ProcessConfig {
        admin_listen: options.admin_listen,
        ready_file: options.ready_file.clone(),
        threads: std::thread::available_parallelism().map_or(MOST_THREADS, |cores| cores.get().min(MOST_THREADS)),
        log: LogConfig { filter: options.log.clone().unwrap_or(usual.filter), ..usual },
        traces: TracesConfig { endpoint: options.traces_to.clone().unwrap_or_default(), ..TracesConfig::default() },
        // There is no balancer that would have to notice.
        shutdown: ShutdownConfig { drain_delay_ms: 0, ..ShutdownConfig::default() },
    }
}
