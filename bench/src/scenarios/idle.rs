//! S10: what the programs hold when nobody calls, and how soon they are ready.

use std::time::Duration;

use crate::{
    Row, process,
    target::{Mesh, Single},
};

/// S10: idle memory and the time to readiness, of the single process and of each service.
pub async fn idle(mesh: &Mesh) -> anyhow::Result<Vec<Row>> {
    let single = Single::start(mesh.programs()).await?;
    // Let start-up work settle: what is measured is a process that idles.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let held = mib(process::resident(single.pid())?);
    let ready = single.ready_after;
    let mut rows = vec![Row {
        id: "S10",
        what: "idle memory and start of taskmesh serve".to_owned(),
        measured: format!("{held:.1} MB, ready in {:.2} s", ready.as_secs_f64()),
        bar: "< 60 MB, < 1 s",
        met: Some(held < 60.0 && ready < Duration::from_secs(1)),
    }];
    for process in mesh.processes()? {
        let held = mib(process::resident(process.pid)?);
        rows.push(Row {
            id: "S10",
            what: format!("idle memory of {}", process.service),
            measured: format!("{held:.1} MB"),
            bar: "< 40 MB",
            met: Some(held < 40.0),
        });
    }
    Ok(rows)
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
