//! What a campaign found, for people.

use std::{fmt, sync::atomic::Ordering, time::Duration};

use super::{
    checker::{Difference, Fire},
    journal::Journal,
    record::Ledger,
    world::World,
};

/// How many differences of one check are told in full.
const TOLD: usize = 20;

/// What a campaign found.
#[derive(Debug)]
pub struct Report {
    /// What drew everything.
    pub seed: u64,
    /// What is not as it should be.
    pub differences: Vec<Difference>,
    /// What was counted.
    pub figures: Figures,
}

/// What was counted.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    faults: u64,
    acknowledged: usize,
    answered: u64,
    repeated: u64,
    tasks: usize,
    occurrences: usize,
    notifications: usize,
    receipts: usize,
    entries: usize,
    resumed: usize,
    resyncs: usize,
    told_again: usize,
    /// How long after they could reminders fired, shortest first.
    lateness: Vec<Duration>,
}

impl Figures {
    pub(super) fn count(journal: &Journal) -> Self {
        let counts = journal.counts();
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let (faults, answered) = (count(&counts.faults), count(&counts.answered));
        Self { faults, answered, repeated: count(&counts.repeated), ..Self::default() }
    }

    pub(super) fn add(&mut self, ledger: &Ledger, world: &World, fires: &[Fire]) {
        self.acknowledged += ledger.len();
        self.tasks += world.tasks.len();
        self.occurrences += world.occurrences.values().map(Vec::len).sum::<usize>();
        self.notifications += world.notifications.len();
        self.receipts += world.receipts.len();
        self.entries += world.history.len();
        self.resumed += world.watched.resumed + world.streamed.resumed;
        self.resyncs += world.watched.resyncs + world.streamed.resyncs;
        self.told_again += world.watched.told_again + world.streamed.told_again;
        self.lateness.extend(fires.iter().map(|fire| fire.at.since(fire.ready)));
        self.lateness.sort();
    }

    /// How late reminders fired: so many of a hundred were no later.
    fn lateness(&self, percent: usize) -> Duration {
        let index = (self.lateness.len() * percent / 100).min(self.lateness.len().saturating_sub(1));
        self.lateness.get(index).copied().unwrap_or_default()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { faults, acknowledged, answered, repeated, tasks, occurrences, .. } = self;
        writeln!(
            formatter,
            "{faults} faults; {acknowledged} changes acknowledged; {answered} calls answered, {repeated} repeated"
        )?;
        let Self { notifications, receipts, entries, resumed, resyncs, told_again, .. } = self;
        writeln!(
            formatter,
            "{tasks} tasks, {occurrences} occurrences, {notifications} notifications, {receipts} webhooks, {entries} entries"
        )?;
        writeln!(
            formatter,
            "streams resumed {resumed} times, listed again {resyncs} times, told {told_again} versions again"
        )?;
        let seconds = |percent| self.lateness(percent).as_secs_f64();
        let (fired, median, p99, most) = (self.lateness.len(), seconds(50), seconds(99), seconds(100));
        write!(formatter, "{fired} reminders fired; lateness p50 {median:.3} s, p99 {p99:.3} s, at most {most:.3} s")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut checks: Vec<_> = self.differences.iter().map(|difference| difference.check).collect();
        checks.dedup();
        checks.sort_unstable();
        checks.dedup();
        for check in checks {
            let of: Vec<_> = self.differences.iter().filter(|difference| difference.check == check).collect();
            of.iter().take(TOLD).try_for_each(|difference| writeln!(formatter, "{difference}"))?;
            if of.len() > TOLD {
                writeln!(formatter, "{check:<13} and {} more", of.len() - TOLD)?;
            }
        }
        writeln!(formatter, "{}", self.figures)?;
        match self.differences.len() {
            0 => write!(formatter, "no difference"),
            count => write!(formatter, "{count} differences; --seed {} replays the faults", self.seed),
        }
    }
}
