//! `buf`, which judges the contract: its format, its style, and what a change would break.

use std::{path::PathBuf, process::Command};

use anyhow::Context;

use crate::workspace::{Workspace, on_path, output_of};

/// The npm package and the version that is known to work.
const PACKAGE: &str = "@bufbuild/buf@1.75.0";
/// What `buf breaking` compares with.
const BASELINE: &str = "proto/baseline.binpb";

/// Checks format, style and compatibility. `Ok(false)` where there is no npm to get buf with.
///
/// # Errors
/// What buf complains of.
pub fn check(workspace: &Workspace) -> anyhow::Result<bool> {
    let Some(buf) = Buf::obtain(workspace)? else { return Ok(false) };
    buf.run(&["format", "-d", "proto", "--exit-code"]).context("`buf format -w proto` repairs this")?;
    buf.run(&["lint"])?;
    buf.run(&["breaking", "proto", "--against", BASELINE])
        .context("if it is meant to break: `cargo xtask buf-baseline`, with a note in docs/adr/")?;
    Ok(true)
}

/// Takes the contract as it stands as what later changes are compared with.
///
/// # Errors
/// When there is no buf, or the contract does not compile.
pub fn write_baseline(workspace: &Workspace) -> anyhow::Result<()> {
    let buf = Buf::obtain(workspace)?.context("buf comes from npm, which is not installed")?;
    buf.run(&["build", "proto", "--exclude-source-info", "-o", BASELINE])
}

/// The program `buf`, installed if need be; tests use it as a client, too. `None` where there is no npm to get it with.
///
/// # Errors
/// When it cannot be installed.
pub fn program(workspace: &Workspace) -> anyhow::Result<Option<PathBuf>> {
    let folder = workspace.target.join("buf-cli");
    let program = folder.join("node_modules/.bin/buf");
    if !program.exists() {
        if on_path("npm").is_none() {
            return Ok(None);
        }
        let mut install = Command::new("npm");
        install.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(&folder).arg(PACKAGE);
        output_of(&mut install)?;
    }
    Ok(Some(program))
}

struct Buf<'a> {
    workspace: &'a Workspace,
    program: PathBuf,
}

impl<'a> Buf<'a> {
    fn obtain(workspace: &'a Workspace) -> anyhow::Result<Option<Self>> {
        let Some(program) = program(workspace)? else { return Ok(None) };
        provide_validate(workspace)?;
        Ok(Some(Self { workspace, program }))
    }

    fn run(&self, arguments: &[&str]) -> anyhow::Result<()> {
        output_of(Command::new(&self.program).args(arguments).current_dir(&self.workspace.root)).map(drop)
    }
}

/// Puts `buf/validate/validate.proto` where buf.yaml says it is.
fn provide_validate(workspace: &Workspace) -> anyhow::Result<()> {
    let file = "buf/validate/validate.proto";
    let package = workspace.registry_package("prost-protovalidate-types")?;
    // buf.yaml can only name a folder of the project.
    let copy = workspace.root.join("target/buf/protovalidate").join(file);
    std::fs::create_dir_all(copy.parent().context("a file has a folder")?)?;
    std::fs::copy(package.join("proto").join(file), copy)?;
    Ok(())
}
