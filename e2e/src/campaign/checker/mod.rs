//! Compares what a user remembers with what a fresh look shows, and names every difference. One file per check; each is
//! also tested on worlds that are wrong.

mod answers;
mod deliveries;
mod fires;
mod history;
mod marks;
mod notifications;
mod reminders;
mod series;
#[cfg(test)]
mod series_tests;
mod streams;
mod tasks;
#[cfg(test)]
mod worlds;
#[cfg(test)]
mod worlds_changed;

use std::fmt;

use super::{record::Ledger, world::World};
pub use fires::Fire;
use history::Histories;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Whose.
    pub user: String,
    /// Which check found it.
    pub check: &'static str,
    /// The thing, by kind and id.
    pub thing: String,
    /// What is wrong, in plain English.
    pub what: String,
}

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Whose.
    pub user: &'a str,
    /// What is remembered.
    pub ledger: &'a Ledger,
    /// What is there.
    pub world: &'a World,
}

/// A case, and what the record of what happened says of each thing.
struct Sight<'a> {
    ledger: &'a Ledger,
    world: &'a World,
    histories: Histories<'a>,
}

/// Takes differences of one check.
struct Findings<'a> {
    user: &'a str,
    check: &'static str,
    found: &'a mut Vec<Difference>,
}

type Check = fn(&Sight, &mut Findings);

/// Every check, by name.
const CHECKS: [(&str, Check); 9] = [
    ("answers", answers::check),
    ("tasks", tasks::check),
    ("history", history::check),
    ("reminders", reminders::check),
    ("notifications", notifications::check),
    ("marks", marks::check),
    ("deliveries", deliveries::check),
    ("series", series::check),
    ("streams", streams::check),
];

/// Every difference.
pub fn check(case: Case) -> Vec<Difference> {
    let sight = Sight { ledger: case.ledger, world: case.world, histories: Histories::of(&case.world.history) };
    let mut found = Vec::new();
    for (name, check) in CHECKS {
        check(&sight, &mut Findings { user: case.user, check: name, found: &mut found });
    }
    found
}

/// Every time a reminder fired, as the record of what happened tells it.
pub fn fires(world: &World) -> Vec<Fire> {
    let histories = Histories::of(&world.history);
    world.reminders.keys().flat_map(|id| fires::of(&histories, id)).collect()
}

impl Findings<'_> {
    fn add(&mut self, kind: &str, id: &str, what: impl Into<String>) {
        let (user, thing) = (self.user.to_owned(), format!("{kind} {id}"));
        self.found.push(Difference { user, check: self.check, thing, what: what.into() });
    }

    /// Adds a difference unless `holds`.
    fn expect(&mut self, holds: bool, kind: &str, id: &str, what: impl FnOnce() -> String) {
        if !holds {
            self.add(kind, id, what());
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, check, thing, what } = self;
        write!(formatter, "{check:<13} {user} {thing}: {what}")
    }
}
