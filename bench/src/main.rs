//! Runs the scenarios and prints one table. `cargo xtask bench` builds everything in release and starts this.
#![expect(clippy::print_stdout, reason = "the table is what the program is for")]

use std::time::Duration;

use bench::{Row, scenarios, target::Mesh};
use clap::Parser;
use xtask::workspace::Profile;

/// Measures Taskmesh on this machine.
#[derive(Parser)]
struct Options {
    /// Seconds that each load runs.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Only these bars, such as `S4`; all when none is named.
    only: Vec<String>,
    /// How the programs were built. Figures of `dev` mean nothing; it is for trying a scenario out.
    #[arg(long, value_enum, default_value_t = Profile::Release)]
    profile: Profile,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let duration = Duration::from_secs(options.seconds);
    let wanted =
        |bars: &[&str]| options.only.is_empty() || bars.iter().any(|bar| options.only.iter().any(|o| o == bar));
    let mut rows = Rows::default();
    if wanted(&["S12"]) {
        rows.add(scenarios::next()?);
    }
    if wanted(&["S1", "S2", "S4", "S5", "S6", "S10", "S12", "S13"]) {
        let mesh = Mesh::start(1, options.profile)?;
        measure(&mesh, duration, &mut rows, &wanted).await?;
        mesh.stop()?;
    }
    if wanted(&["S7"]) {
        let mesh = Mesh::start(3, options.profile)?;
        rows.add(scenarios::burst(&mesh).await?);
        mesh.stop()?;
    }
    // By name only: it takes some minutes and ten gigabytes.
    if options.only.iter().any(|bar| bar == "T10M") {
        let mut mesh = Mesh::start(1, options.profile)?;
        rows.add(scenarios::timers(&mut mesh, duration).await?);
        mesh.stop()?;
    }
    let mut rows = rows.0;
    rows.sort_by_key(|row| row.id[1..].parse::<u32>().unwrap_or(u32::MAX));
    print(&rows, options.json)
}

/// Everything that one process of each service is enough for.
async fn measure(
    mesh: &Mesh,
    duration: Duration,
    rows: &mut Rows,
    wanted: &impl Fn(&[&str]) -> bool,
) -> anyhow::Result<()> {
    // Idle memory first: nobody has called yet.
    if wanted(&["S10"]) {
        rows.add(scenarios::idle(mesh).await?);
    }
    if wanted(&["S1", "S2", "S13"]) {
        rows.add(scenarios::create(mesh, duration).await?);
    }
    if wanted(&["S4"]) {
        rows.add(scenarios::forward(mesh, duration).await?);
    }
    if wanted(&["S5"]) {
        rows.add(scenarios::watch(mesh, duration).await?);
    }
    if wanted(&["S12"]) {
        rows.add(scenarios::preview(mesh).await?);
    }
    if wanted(&["S6"]) {
        rows.add(scenarios::remind_in_one_process(mesh, duration).await?);
        rows.add(scenarios::remind(mesh, duration).await?);
    }
    Ok(())
}

/// What has been measured so far, told as it comes: a run takes minutes.
#[derive(Default)]
struct Rows(Vec<Row>);

impl Rows {
    fn add(&mut self, rows: Vec<Row>) {
        for row in &rows {
            eprintln!("{}: {}: {}", row.id, row.what, row.measured);
        }
        self.0.extend(rows);
    }
}

fn print(rows: &[Row], json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(rows)?);
        return Ok(());
    }
    println!("| | what | measured | bar | |\n|---|---|---|---|---|");
    for row in rows {
        let met = row.met.map_or("", |met| if met { "met" } else { "not met" });
        println!("| {} | {} | {} | {} | {met} |", row.id, row.what, row.measured, row.bar);
    }
    Ok(())
}
