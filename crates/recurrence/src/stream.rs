//! The occurrences of a series in the order of their instants.
//!
//! Policies can move a nominal start past its neighbours, and onto them. So candidates wait in a heap until nothing that
//! is still to come can end up before them; of several at one instant, the one that was not moved stays.

use std::{cmp::Reverse, collections::BinaryHeap};

use jiff::Timestamp;

use crate::{
    expand::work::{GaveUp, Work},
    place::{Placed, Placer},
    source::Source,
    walk::Walk,
};

/// Occurrences after an instant, strictly increasing.
pub(crate) struct Stream<'a> {
    placer: &'a Placer,
    walk: Walk<'a>,
    waiting: BinaryHeap<Reverse<Placed>>,
    /// Only instants after this one are of interest.
    after: i64,
    /// Every nominal start up to this one has been seen.
    seen_to: i64,
    pub(crate) work: Work,
}

impl<'a> Stream<'a> {
    /// The occurrences after an instant; `i64::MIN` is before all.
    pub(crate) fn new(source: &'a Source, placer: &'a Placer, after: i64, units: u32) -> Stream<'a> {
        let from = match after {
            i64::MIN => i64::MIN,
            after => placer.nominal_at(after).saturating_sub(placer.look_back(after)),
        };
        let walk = Walk::new(source, placer, from);
        Stream { placer, walk, waiting: BinaryHeap::new(), after, seen_to: i64::MIN, work: Work::new(units) }
    }

    pub(crate) fn next(&mut self) -> Result<Option<Placed>, GaveUp> {
        loop {
            if let Some(Reverse(first)) = self.waiting.peek().copied().filter(|first| self.is_settled(first)) {
                self.waiting.pop();
                // Instants end a little before the wall times of the calendar do.
                if first.instant > Timestamp::MAX.as_second() {
                    return Ok(None);
                }
                if first.instant > self.after {
                    self.after = first.instant;
                    return Ok(Some(first));
                }
                continue;
            }
            if self.seen_to == i64::MAX {
                return Ok(None);
            }
            let nominal = self.walk.next(&mut self.work)?;
            self.seen_to = nominal.unwrap_or(i64::MAX);
            let placed = nominal.and_then(|nominal| self.placer.place(nominal));
            self.waiting.extend(placed.filter(|placed| placed.instant > self.after).map(Reverse));
        }
    }

    /// Whether nothing that is still to come can end up at this instant or before it.
    fn is_settled(&self, Reverse(first): &Reverse<Placed>) -> bool {
        let moved = first.by_weekend || first.by_gap;
        let reached = if moved { self.placer.nominal_at(first.instant) } else { first.nominal };
        self.seen_to >= reached.saturating_add(self.placer.look_ahead(first.instant))
    }
}
