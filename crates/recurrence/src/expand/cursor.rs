//! A walk along the occurrences of a rule that steps in wall time.

use super::{
    period::Period,
    wall::{LAST_DAY, Wall},
    work::{GaveUp, Work},
};
use crate::calendar::DAY;

/// Walks along the occurrences of a rule.
#[derive(Debug)]
pub(crate) struct WallCursor<'a> {
    wall: &'a Wall,
    /// Only occurrences from this time on.
    from: i64,
    /// The next period to look at.
    number: i64,
    period: Period,
    place: u64,
    size: u64,
}

impl<'a> WallCursor<'a> {
    /// A walk from this time on.
    pub(crate) fn new(wall: &'a Wall, from: i64) -> WallCursor<'a> {
        let from = from.min(LAST_DAY * DAY).max(wall.start);
        // The period that holds `from` may be between two of the rule; then the next is right.
        let number = wall.number_of(from);
        WallCursor { wall, from, number, period: Period::default(), place: 0, size: 0 }
    }

    pub(crate) fn next(&mut self, work: &mut Work) -> Result<Option<i64>, GaveUp> {
        while self.place == self.size {
            let Some(number) = self.wall.fill(self.number, &mut self.period, work)? else {
                return Ok(None);
            };
            self.number = number + 1;
            self.size = self.period.len();
            self.place = self.period.first_from(self.from);
        }
        work.spend(1)?;
        self.place += 1;
        Ok(Some(self.period.get(self.place - 1)))
    }
}
