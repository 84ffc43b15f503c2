//! One hand of a user: it does one thing after the other, to things that no other hand touches, and writes down what was
//! acknowledged.

use std::fmt::Debug;

use mesh_proto::{
    scheduler::v1::Reminder,
    task::v1::{Task, TaskStatus},
};
use prost::Message;
use tokio::time::Instant;

use super::caller::{Acked, Caller, Refusal};
use crate::campaign::{
    pause,
    record::{Ledger, Step, Steps, UNCHANGED},
    rng::Rng,
};

/// One hand of a user.
#[derive(Debug)]
pub(in crate::campaign) struct Lane {
    pub(super) caller: Caller,
    pub(super) rng: Rng,
    pub(super) ledger: Ledger,
    until: Instant,
}

impl Lane {
    pub(in crate::campaign) fn new(caller: Caller, rng: Rng, until: Instant) -> Self {
        Self { caller, rng, ledger: Ledger::default(), until }
    }

    /// Whether there is time for another story.
    pub(super) fn goes_on(&self) -> bool {
        Instant::now() < self.until
    }

    /// Does nothing for a moment, as people do.
    pub(super) async fn breathe(&mut self) {
        pause(self.rng.millis(20..=500)).await;
    }

    /// Does nothing for so long.
    pub(super) async fn wait(&mut self, millis: std::ops::RangeInclusive<u64>) {
        pause(self.rng.millis(millis)).await;
    }

    /// Makes a call. What is refused, or never answered, is an oddity: a story knows what it may ask for.
    pub(super) async fn ask<Q, A>(&mut self, method: &str, request: &Q) -> Option<Acked<A>>
    where
        Q: Message + Debug,
        A: Message + Default,
    {
        match self.caller.call(method, request).await {
            Ok(acked) => Some(self.noted(acked)),
            Err(refusal) => {
                self.refused(method, request, refusal);
                None
            }
        }
    }

    /// Makes two calls at the same time.
    pub(super) async fn ask_twice<Q, A>(&mut self, method: &str, one: &Q, other: &Q) -> Option<Vec<Acked<A>>>
    where
        Q: Message + Debug,
        A: Message + Default,
    {
        let (first, second) = tokio::join!(self.caller.call(method, one), self.caller.call(method, other));
        let mut answered = Vec::new();
        for outcome in [first, second] {
            match outcome {
                Ok(acked) => answered.push(self.noted(acked)),
                Err(refusal) => {
                    self.refused(method, one, refusal);
                    return None;
                }
            }
        }
        Some(answered)
    }

    /// Takes over what was odd on the way to an answer.
    pub(super) fn noted<A>(&mut self, mut acked: Acked<A>) -> Acked<A> {
        self.ledger.oddities.append(&mut acked.oddities);
        acked
    }

    /// Writes down a refusal.
    pub(super) fn refused<Q: Message + Debug>(&mut self, method: &str, request: &Q, refusal: Refusal) {
        let Refusal { failure, oddities } = refusal;
        let how = if failure.is_callers_fault() { "refused" } else { "never answered" };
        self.ledger.oddities.extend(oddities);
        self.ledger.oddities.push(format!("{method} was {how}: {failure:?} to {request:?}"));
    }

    /// Writes down what became of a task.
    pub(super) fn task(&mut self, verb: &'static str, acked: Acked<Task>) -> Task {
        let task = Task { change_id: String::new(), ..acked.answer };
        let before = self.ledger.tasks.get(&task.id).and_then(Steps::last);
        let verb = if before.is_some_and(|before| is_done(verb, &before.answer)) { UNCHANGED } else { verb };
        let step = Step { verb, began: acked.began, acked: acked.acked, answer: task.clone() };
        self.ledger.tasks.entry(task.id.clone()).or_default().push(step);
        task
    }

    /// Writes down what became of a reminder.
    pub(super) fn reminder(&mut self, verb: &'static str, acked: Acked<Reminder>) -> Reminder {
        let reminder = Reminder { change_id: String::new(), ..acked.answer };
        let step = Step { verb, began: acked.began, acked: acked.acked, answer: reminder.clone() };
        self.ledger.reminders.entry(reminder.id.clone()).or_default().push(step);
        reminder
    }
}

/// Whether a task is already what the verb would make of it.
fn is_done(verb: &str, task: &Task) -> bool {
    match task.status() {
        TaskStatus::Completed => verb == "completed",
        TaskStatus::Cancelled => verb == "cancelled",
        _ => false,
    }
}
