//! The program, running.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
};

use mesh_testkit::eventually;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// A running `taskmesh serve`. Killed when dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: String,
    pub(crate) admin: Option<String>,
    log: PathBuf,
}

impl Program {
    /// Starts it on the data in `folder`, and waits until it is ready.
    pub(crate) async fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[]).await
    }

    /// The same with more arguments.
    pub(crate) async fn start_with(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_in(folder, arguments, &[]).await
    }

    /// The same with these variables, too.
    pub(crate) async fn start_in(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let (ready, log) = (folder.join("ready.json"), folder.join("log"));
        let _ = fs::remove_file(&ready);
        let mut command = serve(&folder.join("data"));
        command.args(["--listen", "127.0.0.1:0", "--ready-file"]).arg(&ready).args(arguments);
        command.envs(variables.iter().copied());
        let mut child = command.stderr(File::create(&log).expect("a log")).spawn().expect("it starts");
        let said: Value = eventually(async || {
            let ended = child.try_wait().expect("its state");
            assert!(ended.is_none(), "it ended: {}", fs::read_to_string(&log).expect("a log"));
            serde_json::from_slice(&fs::read(&ready).ok()?).ok()
        })
        .await;
        assert_eq!(said["pid"], child.id());
        let text = |name: &str| said[name].as_str().map(str::to_owned);
        Self { child, address: text("listen").expect("an address"), admin: text("admin"), log }
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("a log")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(id, signal).expect("it takes the signal");
    }

    /// How it ends.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        eventually(async || self.child.try_wait().expect("its state")).await
    }

    /// Asks it to stop, and waits.
    pub(crate) async fn stop(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.end().await
    }

    /// Signs somebody up and returns the access token.
    pub(crate) async fn sign_up(&self, email: &str) -> String {
        let person = json!({"email": email, "password": "a long password"});
        let session = self.post("/v1/auth/signup", "", &person).await;
        session["accessToken"].as_str().expect("a token").to_owned()
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: &Value) -> Value {
        let request = reqwest::Client::new().post(self.url(path)).bearer_auth(token).json(body);
        answer(request).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Value {
        answer(reqwest::Client::new().get(self.url(path)).bearer_auth(token)).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let body: Value = response.json().await.expect("JSON");
    assert!(status.is_success(), "{status}: {body}");
    body
}

/// The command that serves the data in `data`.
fn serve(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taskmesh"));
    command.args(["serve", "--data"]).arg(data).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Runs the program where it should not start, and returns what it says.
pub(crate) fn refusal(data: &Path) -> String {
    let Output { status, stderr, .. } = serve(data).args(["--listen", "127.0.0.1:0"]).output().expect("it runs");
    assert_eq!(status.code(), Some(1));
    String::from_utf8(stderr).expect("text")
}
