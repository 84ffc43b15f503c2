//! `cargo xtask deployment`: checks what an operator is handed. Fast, and without a cluster or a container engine: the
//! tools are fetched by their pinned versions from package registries (`xtask/tools/`).

mod alerts;
mod chart;
mod image;
mod scripts;
mod tilt;
mod workflows;
mod yaml;

pub use alerts::metrics_used;
pub use chart::pods;
use clap::Args;

pub use image::{Container, Healthcheck, containers};

use crate::workspace::Workspace;

/// What to check.
#[derive(Args, Debug, Default)]
pub struct Options {
    /// Only this part.
    #[arg(value_enum)]
    part: Option<Part>,
}

/// A part of what an operator is handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The Helm chart: lint, render, schemas of Kubernetes, policies.
    Chart,
    /// Dashboards, alerts, their runbooks and tests.
    Alerts,
    /// Dockerfile and compose file.
    Image,
    /// Tiltfile and the scripts of local clusters.
    Tilt,
    /// GitHub workflows.
    Workflows,
}

impl Part {
    const ALL: [Self; 5] = [Self::Chart, Self::Alerts, Self::Image, Self::Tilt, Self::Workflows];

    fn check(self, workspace: &Workspace) -> anyhow::Result<()> {
        match self {
            Self::Chart => chart::check(workspace),
            Self::Alerts => alerts::check(workspace),
            Self::Image => image::check(workspace),
            Self::Tilt => tilt::check(workspace),
            Self::Workflows => workflows::check(workspace),
        }
    }
}

/// Checks it.
///
/// # Errors
/// What is wrong, with the name of the part.
pub fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let parts = Part::ALL.into_iter().filter(|part| options.part.is_none_or(|only| only == *part));
    for part in parts {
        part.check(workspace).map_err(|error| error.context(format!("{part:?}").to_lowercase()))?;
    }
    Ok(())
}
