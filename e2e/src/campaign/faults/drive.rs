//! Doing the faults, in time, and being the supervisor that starts again what ended by itself.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use xtask::{Interrupt, mesh::Member, servers::Shutdown};

use super::{Breakable, Fault, Harm, Part};
use crate::campaign::{
    arena::Arena,
    journal::{Counts, Journal},
};

const POLL: Duration = Duration::from_millis(20);
/// How long a process that is asked to end may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the mesh may take to be ready after the last fault.
const RECOVERY: Duration = Duration::from_secs(60);

/// Breaks a mesh and mends it. It blocks: it wants a thread of its own.
#[derive(Debug)]
pub struct Driver {
    arena: Arena,
    journal: Journal,
    interrupt: Interrupt,
    /// What is broken on purpose just now.
    broken: Vec<Part>,
    /// Processes that ended though nobody did them any harm.
    ended: Vec<String>,
}

/// The beginning or the end of a fault.
#[derive(Clone, Copy)]
enum Moment {
    Begin(Fault),
    End(Fault),
}

impl Driver {
    pub(in crate::campaign) fn new(arena: Arena, journal: Journal, interrupt: Interrupt) -> Self {
        Self { arena, journal, interrupt, broken: Vec::new(), ended: Vec::new() }
    }

    /// What there is to break.
    pub fn breakable(&self, replicas: usize) -> Breakable {
        let servers = &self.arena.servers;
        Breakable { replicas, nats: servers.nats.program().is_some(), postgres: servers.postgres.is_ours() }
    }

    /// Does all the faults, and returns when everything is up again.
    ///
    /// # Errors
    /// When something cannot be stopped or started, or on Ctrl-C.
    pub fn run(&mut self, faults: &[Fault]) -> Result<()> {
        let start = Instant::now();
        let begins = faults.iter().map(|fault| (fault.at, Moment::Begin(*fault)));
        let ends = faults.iter().map(|fault| (fault.end(), Moment::End(*fault)));
        let mut moments: Vec<_> = begins.chain(ends).collect();
        moments.sort_by_key(|(at, _)| *at);
        for (at, moment) in moments {
            self.supervise(|| start.elapsed() >= at)?;
            match moment {
                Moment::Begin(fault) => self.begin(&fault)?,
                Moment::End(fault) => self.end(&fault)?,
            }
        }
        self.recover()
    }

    /// Supervises until `done`.
    ///
    /// # Errors
    /// When something cannot be started, or on Ctrl-C.
    pub fn supervise(&mut self, done: impl Fn() -> bool) -> Result<()> {
        while !done() {
            ensure!(!self.interrupt.requested(), "interrupted");
            for member in 0..self.arena.mesh.members().len() {
                self.start_if_ended(member)?;
            }
            // Sleeps because it looks after processes from time to time.
            sleep(POLL);
        }
        Ok(())
    }

    /// The processes that ended though nobody did them any harm.
    pub fn ended(&self) -> &[String] {
        &self.ended
    }

    /// Stops the mesh in order.
    ///
    /// # Errors
    /// When a process had to be killed.
    pub fn stop(self) -> Result<()> {
        self.arena.mesh.stop()
    }

    fn begin(&mut self, fault: &Fault) -> Result<()> {
        self.journal.note(fault);
        Counts::add(&self.journal.counts().faults);
        self.broken.push(fault.part);
        let servers = &mut self.arena.servers;
        match (fault.part, fault.harm) {
            (Part::Replica(..), Harm::Freeze) => self.member(fault.part)?.signal(Signal::STOP),
            (Part::Replica(..), Harm::End) => self.member(fault.part)?.signal(Signal::TERM),
            (Part::Replica(..), _) => self.member(fault.part)?.kill(),
            (Part::Nats, Harm::End) => servers.nats.stop(),
            (Part::Nats, Harm::Wipe) => servers.nats.kill().and_then(|()| servers.nats.wipe()),
            (Part::Nats, _) => servers.nats.kill(),
            (Part::Postgres, Harm::End) => servers.postgres.stop(Shutdown::Fast),
            (Part::Postgres, Harm::Abort) => servers.postgres.stop(Shutdown::Immediate),
            (Part::Postgres, _) => servers.postgres.stop(Shutdown::Kill),
        }
        .with_context(|| fault.to_string())
    }

    fn end(&mut self, fault: &Fault) -> Result<()> {
        match (fault.part, fault.harm) {
            (Part::Replica(..), Harm::Freeze) => self.member(fault.part)?.signal(Signal::CONT),
            (Part::Replica(..), Harm::End) => self.finish(fault.part),
            (Part::Replica(..), _) => self.member(fault.part)?.launch(&[]),
            (Part::Nats, _) => self.arena.servers.nats.start_again(),
            (Part::Postgres, _) => self.arena.servers.postgres.start_again(),
        }
        .with_context(|| format!("after: {fault}"))?;
        self.broken.retain(|part| *part != fault.part);
        self.journal.note(format_args!("{} is back", fault.part));
        Ok(())
    }

    /// Waits for a process that was asked to end, and starts it again.
    fn finish(&mut self, part: Part) -> Result<()> {
        let (journal, member) = (self.journal.clone(), self.member(part)?);
        if let Err(error) = member.stop(Signal::TERM, PATIENCE) {
            journal.note(format_args!("{error:#}"));
        }
        member.launch(&[])
    }

    /// Waits until every process is ready.
    fn recover(&mut self) -> Result<()> {
        let deadline = Instant::now() + RECOVERY;
        loop {
            let unready = self.arena.mesh.members().iter().find(|member| member.admin().is_none());
            let Some(unready) = unready.map(|member| format!("{} {}", member.service.name(), member.replica)) else {
                return Ok(());
            };
            ensure!(Instant::now() < deadline, "{unready} is not ready {RECOVERY:?} after the last fault");
            let moment = Instant::now() + POLL;
            self.supervise(|| Instant::now() > moment)?;
        }
    }

    /// Starts a process again that ended, and remembers it if it was ready before: who cannot start while a server is
    /// down gives up, and that is right; who is up stays up.
    fn start_if_ended(&mut self, index: usize) -> Result<()> {
        let member = &self.arena.mesh.members()[index];
        let (part, was_ready) = (Part::Replica(member.service, member.replica), member.admin().is_some());
        if self.broken.contains(&part) {
            return Ok(());
        }
        let member = self.member(part)?;
        if member.running()? {
            return Ok(());
        }
        member.launch(&[])?;
        let what = if was_ready { "ended by itself" } else { "did not start" };
        self.journal.note(format_args!("{part} {what}; it is started again"));
        if was_ready {
            self.ended.push(format!("{part} at {:.3} s", self.journal.elapsed().as_secs_f64()));
        }
        Ok(())
    }

    fn member(&mut self, part: Part) -> Result<&mut Member> {
        match part {
            Part::Replica(service, replica) => self.arena.mesh.member(service.name(), replica),
            _ => anyhow::bail!("{part} is no service"),
        }
    }
}
