//! The fault campaign: a mesh is broken in every way for a while, drawn from a seed, while users work; then what they
//! were told is compared with what is there.
//!
//! In reading order: [`faults`] says what breaks and breaks it; `users` work and follow; [`record`] is what they remember;
//! `receiver` takes their webhooks; [`world`] is what a fresh look shows; [`checker`] compares; [`report`] tells.

mod arena;
pub mod checker;
pub mod faults;
mod instants;
pub mod journal;
pub mod receiver;
pub mod record;
pub mod report;
pub mod rng;
mod users;
pub mod world;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use futures::future::join_all;
use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep},
};
use xtask::Interrupt;

pub use users::Known;

use arena::Arena;
use checker::{Case, Difference};
use faults::{Driver, draw};
use journal::Journal;
use receiver::Receiver;
use record::Ledger;
use report::{Figures, Report};
use rng::Rng;
use users::User;
use world::World;

/// How long the mesh may take to become as expected after the last fault.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long it must stay so: what comes twice may come late.
const QUIET: Duration = Duration::from_secs(5);
/// For how long differences that do not change may still go away.
const HOPE: Duration = Duration::from_secs(45);
const POLL: Duration = Duration::from_secs(2);

/// What to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// What draws everything.
    pub seed: u64,
    /// For how long things break.
    pub length: Duration,
    /// How many processes of each service.
    pub replicas: usize,
    /// How many people use it.
    pub users: usize,
    /// The folder of the built programs.
    pub programs: PathBuf,
}

/// Runs a campaign.
///
/// # Errors
/// When it cannot be run. What it finds is in the report.
pub async fn run(options: &Options, interrupt: &Interrupt) -> Result<Report> {
    let journal = Journal::begin();
    let Options { seed, length, replicas, .. } = *options;
    journal.note(format_args!("seed {seed}: {} s of faults, {replicas} replicas", length.as_secs()));
    let programs = options.programs.clone();
    let arena = spawn_blocking(move || Arena::start(&programs, replicas)).await??;
    let gateways = arena.gateways();
    let driver = Driver::new(arena, journal.clone(), interrupt.clone());
    let receiver = Receiver::start().await?;
    let mut users = Vec::new();
    for number in 0..options.users {
        users.push(User::new(number, &gateways, &receiver, &journal).await.context("signing up")?);
    }
    let faults = draw(&mut Rng::new(seed).fork("faults"), driver.breakable(replicas), length);
    journal.note(format_args!("{} users begin; {} faults follow", users.len(), faults.len()));

    let until = Instant::now() + length;
    let rng = Rng::new(seed);
    let living = join_all(users.iter().map(|user| user.live(&rng, until)));
    let done = Arc::new(AtomicBool::new(false));
    let driving = drive(driver, faults, Arc::clone(&done));
    let judging = async {
        let ledgers = living.await;
        journal.note("the users are done");
        let judged = judge(&users, &ledgers, &receiver, &journal).await;
        done.store(true, Ordering::Relaxed);
        judged
    };
    let mut driving = std::pin::pin!(driving);
    let (driver, judged) = tokio::select! {
        // The driver ends before it is told to only when it fails.
        driven = &mut driving => (driven?, Err(anyhow::anyhow!("the faults ended early"))),
        judged = judging => (driving.await?, judged),
    };
    let (mut differences, figures) = judged?;
    differences.extend(driver.ended().iter().map(|process| ended_by_itself(process)));
    drop(users);
    spawn_blocking(move || driver.stop()).await??;
    Ok(Report { seed, differences, figures })
}

/// Does the faults on a thread of their own, and looks after the processes until `done`.
async fn drive(mut driver: Driver, faults: Vec<faults::Fault>, done: Arc<AtomicBool>) -> Result<Driver> {
    spawn_blocking(move || {
        driver.run(&faults)?;
        driver.supervise(|| done.load(Ordering::Relaxed))?;
        Ok(driver)
    })
    .await?
}

/// Looks until everything is as expected and stays so, or patience runs out.
async fn judge(
    users: &[User],
    ledgers: &[Ledger],
    receiver: &Receiver,
    journal: &Journal,
) -> Result<(Vec<Difference>, Figures)> {
    let (deadline, mut since, mut before) = (Instant::now() + PATIENCE, Instant::now(), None);
    loop {
        let mut worlds = Vec::new();
        for user in users {
            worlds.push(user.look(receiver).await?);
        }
        let differences = compare(users, ledgers, &worlds);
        let now = Instant::now();
        if before.as_ref() != Some(&differences) {
            journal.note(format_args!("{} differences", differences.len()));
            since = now;
        }
        let settled = now - since >= if differences.is_empty() { QUIET } else { HOPE };
        if settled || now > deadline {
            return Ok((differences, figures(journal, ledgers, &worlds)));
        }
        before = Some(differences);
        pause(POLL).await;
    }
}

fn compare(users: &[User], ledgers: &[Ledger], worlds: &[World]) -> Vec<Difference> {
    let cases = users.iter().zip(ledgers).zip(worlds);
    cases.flat_map(|((user, ledger), world)| checker::check(Case { user: &user.name, ledger, world })).collect()
}

fn figures(journal: &Journal, ledgers: &[Ledger], worlds: &[World]) -> Figures {
    let mut figures = Figures::count(journal);
    for (ledger, world) in ledgers.iter().zip(worlds) {
        figures.add(ledger, world, &checker::fires(world));
    }
    figures
}

fn ended_by_itself(process: &str) -> Difference {
    let what = "it ended though nobody did it any harm".to_owned();
    Difference { user: "-".to_owned(), check: "processes", thing: process.to_owned(), what }
}

/// Waits for so long.
async fn pause(duration: Duration) {
    // Sleeps because users, and whoever looks again, wait for a while.
    sleep(duration).await;
}
