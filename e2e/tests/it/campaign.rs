//! A short fault campaign, the same each time: nothing is lost and nothing is done twice. `cargo xtask faults` runs long
//! ones.

use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::campaign::{self, Options};
use xtask::Interrupt;

#[tokio::test(flavor = "multi_thread")]
async fn a_mesh_that_breaks_in_every_way_loses_nothing_and_does_nothing_twice() -> Result<()> {
    let options =
        Options { seed: 1, length: Duration::from_secs(75), replicas: 2, users: 2, programs: e2e::programs()? };
    let report = campaign::run(&options, &Interrupt::default()).await?;
    e2e::tell(&report);
    ensure!(report.differences.is_empty(), "{report}");
    Ok(())
}
