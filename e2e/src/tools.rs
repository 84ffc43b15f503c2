//! Clients by others, installed below the build folder on first use: they need `python3`, `npm` and the network once.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::{process::Command, sync::OnceCell};
use xtask::workspace::Workspace;

/// How long a client may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an installation may take.
const INSTALLING: Duration = Duration::from_secs(300);

/// The folder with Google's gRPC for Python, for `PYTHONPATH`.
///
/// # Errors
/// When it cannot be installed.
pub async fn grpcio() -> Result<&'static Path> {
    static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();
    let requirements = outside("grpcio/requirements.txt");
    let install = || {
        installed("grpcio", &requirements, async |folder| {
            let mut pip = Command::new("python3");
            pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]);
            pip.arg("--requirement").arg(&requirements).arg("--target").arg(folder);
            succeed_within(pip, INSTALLING).await.map(drop)
        })
    };
    FOLDER.get_or_try_init(install).await.map(PathBuf::as_path)
}

/// The script `client.mjs` beside the packages of Connect for browsers that it imports.
///
/// # Errors
/// When they cannot be installed.
pub async fn connect_web() -> Result<PathBuf> {
    static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();
    let lock = outside("connect-web/package-lock.json");
    let install = || {
        installed("connect-web", &lock, async |folder| {
            for file in ["package.json", "package-lock.json"] {
                std::fs::copy(outside("connect-web").join(file), folder.join(file))?;
            }
            let mut npm = Command::new("npm");
            npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder);
            succeed_within(npm, INSTALLING).await.map(drop)
        })
    };
    let folder = FOLDER.get_or_try_init(install).await?;
    // Modules are looked for beside the script.
    let script = folder.join("client.mjs");
    std::fs::copy(outside("connect-web/client.mjs"), &script)?;
    Ok(script)
}

/// The program `buf`.
///
/// # Errors
/// When it cannot be installed.
pub async fn buf() -> Result<&'static Path> {
    static PROGRAM: OnceCell<PathBuf> = OnceCell::const_new();
    let install = async || {
        let found = tokio::task::spawn_blocking(|| xtask::buf::program(&Workspace::locate()?)).await??;
        found.context("buf comes from npm, which is not installed")
    };
    PROGRAM.get_or_try_init(install).await.map(PathBuf::as_path)
}

/// A file of `outside/`, where the clients' scripts are.
pub fn outside(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("outside").join(file)
}

/// Runs a client and returns what it prints.
///
/// # Errors
/// When it fails or takes too long, with what it says.
pub async fn succeed(command: Command) -> Result<String> {
    succeed_within(command, PATIENCE).await
}

async fn succeed_within(mut command: Command, patience: Duration) -> Result<String> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let text = format!("{:?}", command.as_std());
    let output = tokio::time::timeout(patience, command.output()).await;
    let output =
        output.with_context(|| format!("still running: {text}"))?.with_context(|| format!("cannot run {text}"))?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        bail!("{text}: {}\n{out}{err}", output.status);
    }
    Ok(out.into_owned())
}

/// The folder `name` of the build folder, made by `install` unless it is there for the same `lock` file.
async fn installed(name: &str, lock: &Path, install: impl AsyncFnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    std::fs::read(lock)?.hash(&mut hasher);
    let test = std::env::current_exe()?;
    let tools = test.ancestors().nth(3).context("a test lies in the build folder")?.join("tools");
    let folder = tools.join(format!("{name}-{:016x}", hasher.finish()));
    if folder.is_dir() {
        return Ok(folder);
    }
    std::fs::create_dir_all(&tools)?;
    let staging = tempfile::tempdir_in(&tools)?;
    install(staging.path()).await.with_context(|| format!("installing {name}"))?;
    // In one step, so that what is there is whole; somebody else may have been faster.
    let renamed = std::fs::rename(staging.path(), &folder);
    renamed.or_else(|error| if folder.is_dir() { Ok(()) } else { Err(error) })?;
    Ok(folder)
}
