//! The example configurations beside the compose file: that they are what they say, and that whatever scrapes Taskmesh puts on
//! its targets what rules and dashboards know them by.

use std::path::{Path, PathBuf};

use super::{super::yaml, files, rules::list};
use crate::workspace::Workspace;

const FOLDER: &str = "deploy/observability";
/// Where the chart says what is scraped.
const POD_MONITOR: &str = "charts/taskmesh/templates/podmonitor.yaml";
/// The job that rules and dashboards ask for.
const JOB: &str = "taskmesh";

/// The settings of Prometheus.
pub(super) fn prometheus(root: &Path) -> PathBuf {
    root.join(FOLDER).join("prometheus.yaml")
}

/// What is wrong with them.
///
/// # Errors
/// When one is no YAML.
pub(super) fn problems(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let folder = workspace.root.join(FOLDER);
    let mut paths = Vec::new();
    for inner in ["", "grafana/datasources", "grafana/dashboards"] {
        paths.extend(files(&folder.join(inner), "yaml")?);
    }
    let documents = yaml::read(workspace, &paths)?;
    let scraped = documents.iter().flat_map(|document| list(&document["scrape_configs"]));
    let mut problems = Vec::new();
    if !scraped.into_iter().any(|config| config["job_name"] == JOB) {
        problems.push(format!("{FOLDER}/prometheus.yaml: rules know targets by the job `{JOB}`"));
    }
    let pod_monitor = std::fs::read_to_string(workspace.root.join(POD_MONITOR));
    if pod_monitor.is_ok_and(|text| !relabels_job(&text)) {
        problems.push(format!("{POD_MONITOR}: rules know targets by the job `{JOB}`: relabel `job` to it"));
    }
    Ok(problems)
}

/// Whether a relabeling, in either order of its fields, sets the job.
fn relabels_job(pod_monitor: &str) -> bool {
    let flat: String = pod_monitor.chars().filter(|letter| !" \n{}-\"".contains(*letter)).collect::<String>();
    let flat = flat.replace(',', "");
    [format!("targetLabel:jobreplacement:{JOB}"), format!("replacement:{JOB}targetLabel:job")]
        .iter()
        .any(|wanted| flat.contains(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_monitor_without_the_job_is_found() {
        assert!(relabels_job("relabelings:\n  - {targetLabel: job, replacement: taskmesh}\n"));
        assert!(relabels_job("relabelings:\n  - replacement: taskmesh\n    targetLabel: job\n"));
        assert!(!relabels_job("relabelings:\n  - targetLabel: service\n    replacement: taskmesh\n"));
    }
}
