//! Clients by others, installed below the build folder on first use: they need `python3`, `npm`, `go` and the network once.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::{process::Command, sync::OnceCell};
use xtask::{tools, workspace::Workspace};

/// How long a client may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The folder with Google's gRPC for Python, for `PYTHONPATH`.
///
/// # Errors
/// When it cannot be installed.
pub async fn grpcio() -> Result<&'static Path> {
    static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();
    FOLDER.get_or_try_init(|| installed("grpcio", tools::python)).await.map(PathBuf::as_path)
}

/// The folder with schemathesis, for `PYTHONPATH`.
///
/// # Errors
/// When it cannot be installed.
pub async fn schemathesis() -> Result<&'static Path> {
    static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();
    FOLDER.get_or_try_init(|| installed("schemathesis", tools::python)).await.map(PathBuf::as_path)
}

/// A program of the linters of OpenAPI documents: `redocly` or `spectral`.
///
/// # Errors
/// When they cannot be installed.
pub async fn openapi_linter(name: &str) -> Result<PathBuf> {
    static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();
    let folder = FOLDER.get_or_try_init(|| installed("openapi-linters", tools::npm)).await?;
    Ok(folder.join("node_modules/.bin").join(name))
}

/// The script `docs.mjs` beside the package that drives a browser, and the browser.
///
/// # Errors
/// When they cannot be installed.
pub async fn browser() -> Result<(PathBuf, &'static Path)> {
    static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();
    static PROGRAM: OnceCell<PathBuf> = OnceCell::const_new();
    let folder = FOLDER.get_or_try_init(|| installed("browser", tools::npm)).await?;
    let install = async || tokio::task::spawn_blocking(xtask::browser::program).await?;
    let program = PROGRAM.get_or_try_init(install).await?;
    Ok((script(folder, "browser/docs.mjs")?, program))
}

/// The script `client.mjs` beside the packages of Connect that it imports: those for browsers and those for Node.
///
/// # Errors
/// When they cannot be installed.
pub async fn connect() -> Result<PathBuf> {
    static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();
    script(FOLDER.get_or_try_init(|| installed("connect", tools::npm)).await?, "connect/client.mjs")
}

/// A copy of a script in `folder`: modules are looked for beside it; several tests may be about to run it.
fn script(folder: &Path, file: &str) -> Result<PathBuf> {
    let script = folder.join(Path::new(file).file_name().context("a script has a name")?);
    let copy = tempfile::NamedTempFile::new_in(folder)?;
    std::fs::copy(outside(file), &copy)?;
    copy.persist(&script)?;
    Ok(script)
}

/// The program `grpcurl`, built from the modules that `grpcurl/go.sum` names.
///
/// # Errors
/// When it cannot be built.
pub async fn grpcurl() -> Result<PathBuf> {
    static PROGRAM: OnceCell<PathBuf> = OnceCell::const_new();
    let build = |workspace: &Workspace, folder: &Path| {
        tools::go(workspace, folder, "github.com/fullstorydev/grpcurl/cmd/grpcurl")
    };
    PROGRAM.get_or_try_init(|| installed("grpcurl", build)).await.cloned()
}

/// What `install` makes of the folder `name` of `outside/`.
async fn installed(
    name: &'static str,
    install: impl FnOnce(&Workspace, &Path) -> Result<PathBuf> + Send + 'static,
) -> Result<PathBuf> {
    tokio::task::spawn_blocking(move || install(&Workspace::locate()?, &outside(name))).await?
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

/// Runs a client that must fail, and returns all that it prints.
///
/// # Errors
/// When it succeeds or takes too long.
pub async fn fail(command: Command) -> Result<String> {
    let (text, output) = output(command, PATIENCE).await?;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() {
        bail!("{text} did not fail:\n{said}");
    }
    Ok(said)
}

/// The same for one that may take so long.
///
/// # Errors
/// When it fails or takes too long, with what it says.
pub async fn succeed_within(command: Command, patience: Duration) -> Result<String> {
    let (text, output) = output(command, patience).await?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        bail!("{text}: {}\n{out}{err}", output.status);
    }
    Ok(out.into_owned())
}

async fn output(mut command: Command, patience: Duration) -> Result<(String, Output)> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let text = format!("{:?}", command.as_std());
    let output = tokio::time::timeout(patience, command.output()).await;
    let output =
        output.with_context(|| format!("still running: {text}"))?.with_context(|| format!("cannot run {text}"))?;
    Ok((text, output))
}
