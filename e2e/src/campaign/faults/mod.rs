//! What breaks: which part, how, when, and for how long.

mod draw;
mod drive;

use std::{fmt, time::Duration};

use xtask::mesh::Service;

pub use draw::{Breakable, draw};
pub use drive::Driver;

/// Something that can break by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// One process of a service.
    Replica(Service, usize),
    /// The bus.
    Nats,
    /// Everybody's database server.
    Postgres,
}

/// How something breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// `kill -9`.
    Kill,
    /// It is asked to end, as by a deployment, and does so in order (PostgreSQL: fast).
    End,
    /// SIGSTOP, past every lease, and SIGCONT: it goes on as if no time had passed.
    Freeze,
    /// `kill -9`, and everything that it stored is gone.
    Wipe,
    /// PostgreSQL's immediate shutdown.
    Abort,
}

/// Something breaks for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// When, from the start of the faults.
    pub at: Duration,
    /// For how long.
    pub lasts: Duration,
    /// What.
    pub part: Part,
    /// How.
    pub harm: Harm,
}

impl Fault {
    /// When it is over.
    pub fn end(&self) -> Duration {
        self.at + self.lasts
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replica(service, replica) => write!(formatter, "{} {replica}", service.name()),
            Self::Nats => formatter.write_str("nats-server"),
            Self::Postgres => formatter.write_str("PostgreSQL"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.harm {
            Harm::Kill => "is killed",
            Harm::End => "is asked to end",
            Harm::Freeze => "freezes",
            Harm::Wipe => "is killed and loses its store",
            Harm::Abort => "shuts down at once",
        };
        write!(formatter, "{} {how} for {:.1} s", self.part, self.lasts.as_secs_f64())
    }
}
