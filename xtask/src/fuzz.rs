//! `cargo xtask fuzz`: runs a fuzzer on the stable compiler, without cargo-fuzz.

use std::process::{Command, ExitCode};

use anyhow::Context;
use clap::Args;

use crate::workspace::{Workspace, output_of, succeed};

/// What libFuzzer needs of the compiler: that code counts where it has been.
const INSTRUMENTS: [&str; 6] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Ccodegen-units=1",
];

/// What to fuzz.
#[derive(Args, Debug)]
pub struct Options {
    /// What is fed with odd input.
    #[arg(value_enum)]
    target: Target,
    /// For how long.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// A program of `fuzz/`.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Target {
    /// The paths of REST.
    Path,
    /// The bodies and queries of REST.
    Json,
    /// The frames of gRPC-Web.
    Frames,
    /// Recurrence rules.
    Rules,
}

impl Target {
    /// The feature of `fuzz/` that brings along what is fuzzed.
    fn feature(self) -> &'static str {
        match self {
            Self::Path | Self::Json | Self::Frames => "edge",
            Self::Rules => "recurrence",
        }
    }
}

/// Runs a fuzzer for a while. What it found interesting stays in `target/fuzz/corpus`, what broke in the file that it names.
///
/// # Errors
/// When it finds something, or cannot be built.
pub fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let Options { target, seconds } = options;
    let name = format!("{target:?}").to_lowercase();
    let folder = workspace.target.join("fuzz");
    let corpus = folder.join("corpus").join(&name);
    std::fs::create_dir_all(&corpus)?;
    let versions = output_of(Command::new("rustc").arg("-vV"))?;
    let host = versions.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    // The same versions as everywhere else.
    std::fs::copy(workspace.root.join("Cargo.lock"), workspace.root.join("fuzz/Cargo.lock"))?;
    let mut command = workspace.cargo();
    // Named, so that build scripts and macros go without instruments.
    command.args(["run", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", host, "--bin", &name]);
    command.args(["--features", target.feature()]);
    command.arg("--target-dir").arg(&folder).env("CARGO_ENCODED_RUSTFLAGS", INSTRUMENTS.join("\u{1f}"));
    command.arg("--").arg(corpus).arg(format!("-max_total_time={}", seconds));
    command.arg(format!("-artifact_prefix={}/", folder.display()));
    succeed(&mut command)?;
    Ok(ExitCode::SUCCESS)
}
