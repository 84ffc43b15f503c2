//! Processes that end with us, however we end.

use std::{
    fs::File,
    net::{Ipv4Addr, TcpListener},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

const POLL: Duration = Duration::from_millis(10);

/// Whether Ctrl-C was pressed, or SIGTERM sent. The second time ends the program at once.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on Ctrl-C and SIGTERM are a request to stop.
    ///
    /// # Errors
    /// When the signals cannot be handled.
    pub fn listen() -> anyhow::Result<Self> {
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(signal, 130, Arc::clone(&interrupt.0))?;
            flag::register(signal, Arc::clone(&interrupt.0))?;
        }
        Ok(interrupt)
    }

    /// Whether it is time to stop.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Waits until `done` says so.
    ///
    /// # Errors
    /// When it is time to stop.
    pub(crate) fn wait_until(&self, mut done: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
        while !done()? {
            if self.requested() {
                bail!("interrupted");
            }
            sleep(POLL);
        }
        Ok(())
    }
}

/// A running program. It is killed when this is dropped, and even when we are killed ourselves.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    warden: Child,
}

impl Process {
    /// Starts `command`, with what it prints appended to `log`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> anyhow::Result<Self> {
        let log = File::options().create(true).append(true).open(log).with_context(|| log.display().to_string())?;
        // A process group of its own: Ctrl-C is for us, and we stop it in order.
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let warden = Command::new("sh")
            .args(["-c", "read -r _; kill -KILL \"$0\"", &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start sh")?;
        Ok(Self { name: name.to_owned(), child, warden })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it is still there.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn running(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Fails if it has ended.
    ///
    /// # Errors
    /// When it has ended.
    pub fn check(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("{} ended: {status}", self.name),
            None => Ok(()),
        }
    }

    /// Whether it has ended, without a failure.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn succeeded(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_some_and(|status| status.success()))
    }

    /// Sends `signal`; nothing happens if it has ended.
    ///
    /// # Errors
    /// When the system does not say whether it is there.
    pub fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        if self.running()? {
            let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("a process has an id")?;
            // It may have ended just now.
            let _ = kill_process(id, signal);
        }
        Ok(())
    }

    /// Kills it, as `kill -9` does.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end with `signal` and waits; after `patience` it is killed.
    ///
    /// # Errors
    /// When it had to be killed, or ended with a failure.
    pub fn stop(&mut self, signal: Signal, patience: Duration) -> anyhow::Result<()> {
        self.signal(signal)?;
        let deadline = Instant::now() + patience;
        while self.running()? {
            if Instant::now() > deadline {
                self.kill()?;
                bail!("{} did not end within {patience:?} and was killed", self.name);
            }
            sleep(POLL);
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.warden.kill();
        let _ = self.warden.wait();
    }
}

/// A port that was free a moment ago, and that nobody gets by chance before its owner binds it: Linux takes the ports of
/// outgoing connections, and of whoever asks for any port, from 32768 on.
///
/// # Errors
/// When the machine has none.
pub fn free_port() -> anyhow::Result<u16> {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Processes that look at the same time begin in different places.
    let begin = std::process::id().wrapping_mul(7_919);
    for _ in 0..COUNT {
        let step = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + step % COUNT)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free")
}

/// The end of a log, for the message when its writer did not start.
pub(crate) fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}

/// Asks `ready` until it says yes, or fails when `process` ends or `patience` runs out.
pub(crate) fn wait_ready(process: &mut Process, patience: Duration, ready: impl Fn() -> bool) -> anyhow::Result<()> {
    let deadline = Instant::now() + patience;
    while !ready() {
        process.check()?;
        if Instant::now() > deadline {
            bail!("{} is not ready after {patience:?}", process.name);
        }
        sleep(POLL);
    }
    Ok(())
}
