//! Log lines on their way to standard error: gathered for a moment and written together.
//!
//! A line for every call is a system call for every call otherwise, which costs more than all else about logging. What
//! warns is written at once, with all that came before it.

use std::{
    io::{self, Write, stderr},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait. Also what a process that is killed may not have written.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// So much is written without waiting.
const FULL: usize = 32 * 1024;

/// The lines that are not written yet.
static LINES: Lines = Lines { waiting: Mutex::new(Vec::new()), came: Condvar::new() };

struct Lines {
    waiting: Mutex<Vec<u8>>,
    /// Something waits that nobody has promised to write.
    came: Condvar,
}

/// Makes a writer for each line.
pub(crate) struct Gathered(());

/// Takes one line.
pub(crate) struct Line {
    urgent: bool,
}

impl Gathered {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// When there can be no thread.
    pub(crate) fn start() -> io::Result<Self> {
        thread::Builder::new().name("log lines".to_owned()).spawn(write_for_ever)?;
        Ok(Self(()))
    }
}

/// Writes what waits, such as before the process ends.
pub(crate) fn flush() {
    write_out(&mut LINES.lock());
}

impl<'a> MakeWriter<'a> for Gathered {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { urgent: true }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line {
        Line { urgent: *metadata.level() <= Level::WARN }
    }
}

impl Write for Line {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let mut waiting = LINES.lock();
        if waiting.is_empty() {
            LINES.came.notify_one();
        }
        waiting.extend_from_slice(text);
        if self.urgent || waiting.len() >= FULL {
            write_out(&mut waiting);
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        flush();
        Ok(())
    }
}

impl Lines {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_for_ever() {
    loop {
        let waiting = LINES.came.wait_while(LINES.lock(), |waiting| waiting.is_empty());
        drop(waiting.unwrap_or_else(PoisonError::into_inner));
        thread::sleep(LONGEST_WAIT);
        flush();
    }
}

/// Under the lock, so that lines stay in order. Where standard error cannot be written there is nobody to tell.
fn write_out(waiting: &mut Vec<u8>) {
    let _ = stderr().write_all(waiting);
    waiting.clear();
}
