//! A walk along the nominal starts of a series: the rule's up to its end, the added dates, without the excepted ones.

use crate::{
    expand::{
        cursor::WallCursor,
        elapsed::Elapsed,
        work::{GaveUp, Work},
    },
    place::{Clock, Placer},
    source::{Expansion, Source},
};

/// Walks along the nominal starts of a source, strictly increasing.
pub(crate) struct Walk<'a> {
    source: &'a Source,
    placer: &'a Placer,
    steps: Steps<'a>,
    /// The rule's next start, once it is known, or that there is none.
    ahead: Option<Option<i64>>,
    /// The next of the added dates.
    added: usize,
}

enum Steps<'a> {
    Dates,
    Wall(WallCursor<'a>),
    Elapsed { rule: &'a Elapsed, from: i64, offset: i64 },
}

impl<'a> Walk<'a> {
    /// A walk from this nominal start on.
    pub(crate) fn new(source: &'a Source, placer: &'a Placer, from: i64) -> Walk<'a> {
        let steps = match (&source.rule, placer.clock) {
            (Expansion::Wall(rule), _) => Steps::Wall(WallCursor::new(rule, from)),
            (Expansion::Elapsed(rule), Clock::Fixed(offset)) => {
                Steps::Elapsed { rule, from: from.saturating_sub(offset), offset }
            }
            _ => Steps::Dates,
        };
        let added = source.added.partition_point(|nominal| *nominal < from);
        Walk { source, placer, steps, ahead: None, added }
    }

    /// The next nominal start that is not excepted.
    pub(crate) fn next(&mut self, work: &mut Work) -> Result<Option<i64>, GaveUp> {
        loop {
            let from_rule = match self.ahead {
                Some(known) => known,
                None => self.next_of_rule(work)?,
            };
            self.ahead = Some(from_rule);
            let from_dates = self.source.added.get(self.added).copied();
            let Some(nominal) = from_rule.into_iter().chain(from_dates).min() else {
                return Ok(None);
            };
            if from_rule == Some(nominal) {
                self.ahead = None;
            }
            if from_dates == Some(nominal) {
                self.added += 1;
            }
            if !self.source.is_excepted(nominal, self.placer) {
                return Ok(Some(nominal));
            }
        }
    }

    fn next_of_rule(&mut self, work: &mut Work) -> Result<Option<i64>, GaveUp> {
        let bound = self.source.bound(self.placer);
        loop {
            let next = match &mut self.steps {
                Steps::Dates => None,
                Steps::Wall(cursor) => cursor.next(work)?,
                Steps::Elapsed { rule, from, offset } => {
                    let next = rule.first_from(*from, work)?;
                    *from = next.map_or(*from, |instant| instant + 1);
                    next.map(|instant| instant + *offset)
                }
            };
            match next {
                Some(nominal) if nominal > bound.last => return if bound.known { Ok(None) } else { Err(GaveUp) },
                Some(nominal) if bound.instant < i64::MAX && self.placer.plain_instant(nominal) > bound.instant => {}
                next => return Ok(next),
            }
        }
    }
}
