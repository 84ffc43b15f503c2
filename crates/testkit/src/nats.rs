//! A nats-server of its own, for tests that kill it or wipe what it keeps.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

use mesh_events::NatsConfig;
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::{eventually, settings};

/// The program to start; `nats-server` on the path unless this variable says otherwise.
const PROGRAM: &str = "TASKMESH_NATS_SERVER";

/// A nats-server with JetStream on a port and a folder of its own, which syncs every write. Killed when dropped.
#[derive(Debug)]
pub struct NatsServer {
    process: Option<Child>,
    port: u16,
    folder: TempDir,
}

impl NatsServer {
    /// One that is not running yet; its address is settled.
    ///
    /// # Panics
    /// When there is no free port, or the temporary folder cannot be written.
    pub fn stopped() -> Self {
        let folder = tempfile::tempdir().expect("the temporary folder can be written");
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let settings = format!(
            "listen: 127.0.0.1:{port}\njetstream {{ store_dir: {:?}, sync_interval: always, max_file_store: 1GB }}\n",
            folder.path().join("store")
        );
        fs::write(folder.path().join("nats.conf"), settings).expect("the temporary folder can be written");
        Self { process: None, port, folder }
    }

    /// One that runs and is empty.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start() -> Self {
        let mut server = Self::stopped();
        server.resume().await;
        server
    }

    /// Runs it again, on the same port and with what it kept.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn resume(&mut self) {
        let program = settings::optional(PROGRAM).unwrap_or_else(|| "nats-server".to_owned());
        let log = fs::File::create(self.folder.path().join("nats.log")).expect("the temporary folder can be written");
        let process = Command::new(&program)
            .arg("--config")
            .arg(self.folder.path().join("nats.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.process = Some(process.unwrap_or_else(|error| {
            panic!("{program} cannot be started ({error}): run `cargo xtask test`, or set {PROGRAM}")
        }));
        eventually(async || TcpStream::connect(("127.0.0.1", self.port)).await).await;
    }

    /// Kills it, as `kill -9` does.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("a child can be killed");
            process.wait().expect("a killed child ends");
        }
    }

    /// Freezes it: it keeps its connections and answers nothing.
    ///
    /// # Panics
    /// When it does not run.
    pub fn freeze(&self) {
        self.send("-STOP");
    }

    /// Lets it go on after [`Self::freeze`].
    ///
    /// # Panics
    /// When it does not run.
    pub fn thaw(&self) {
        self.send("-CONT");
    }

    fn send(&self, signal: &str) {
        let process = self.process.as_ref().expect("the server runs").id().to_string();
        let sent = Command::new("kill").args([signal, &process]).status().expect("there is a kill program");
        assert!(sent.success(), "the server takes {signal}");
    }

    /// Removes all that it kept, while it does not run.
    ///
    /// # Panics
    /// When it runs, or its folder cannot be removed.
    pub fn wipe(&mut self) {
        assert!(self.process.is_none(), "kill the server before wiping what it keeps");
        let store = self.folder.path().join("store");
        if store.exists() {
            fs::remove_dir_all(store).expect("the temporary folder can be written");
        }
    }

    /// Puts a copy of all that it keeps aside, while it does not run.
    ///
    /// # Panics
    /// When it runs, or its folder cannot be copied.
    pub fn save(&self) {
        assert!(self.process.is_none(), "kill the server before copying what it keeps");
        copy_folder(&self.folder.path().join("store"), &self.folder.path().join("saved"));
    }

    /// Puts what was saved in the place of all that it keeps, as when its disk had lost the newest writes.
    ///
    /// # Panics
    /// When it runs, or nothing was saved.
    pub fn go_back(&mut self) {
        self.wipe();
        copy_folder(&self.folder.path().join("saved"), &self.folder.path().join("store"));
    }

    /// Where it listens, and a small stream.
    pub fn config(&self) -> NatsConfig {
        let url = format!("nats://127.0.0.1:{}", self.port);
        NatsConfig { url, max_bytes: 64 << 20, ..NatsConfig::default() }
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the temporary folder can be written");
    for entry in fs::read_dir(from).expect("a folder to copy").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_folder(&from, &to);
        } else {
            fs::copy(&from, &to).expect("the temporary folder can be written");
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
