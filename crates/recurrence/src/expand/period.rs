//! What one period of a rule gives: days times hours times minutes times seconds, never written out.
//!
//! `BYHOUR`, `BYMINUTE` and `BYSECOND` can name every second of a day, and a year then has 31 million of them. A place in
//! the product is a number, so that finding the n-th or the first from a time on costs the same for every rule.

use crate::calendar::DAY;

/// The occurrences of one period, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Period {
    pub(crate) days: Vec<i64>,
    pub(crate) hours: Vec<i64>,
    pub(crate) minutes: Vec<i64>,
    pub(crate) seconds: Vec<i64>,
    /// The places that BYSETPOS picks, sorted.
    picked: Option<Vec<u64>>,
    /// The allowed days of the month that was looked at last; the walk comes back to it for every day and minute.
    pub(crate) month: Option<((i64, i64), u32)>,
}

impl Period {
    /// Picks places as BYSETPOS does: 1 is the first, -1 the last.
    pub(crate) fn pick(&mut self, positions: &[i16]) {
        if positions.is_empty() {
            return;
        }
        let size = self.product() as i64;
        let place = |position: &i16| match i64::from(*position) {
            position if position > 0 => position - 1,
            position => size + position,
        };
        let within = positions.iter().map(place).filter(|place| (0..size).contains(place));
        let mut picked: Vec<u64> = within.map(|place| place as u64).collect();
        picked.sort_unstable();
        picked.dedup();
        self.picked = Some(picked);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.picked.as_ref().map_or_else(|| self.product(), |picked| picked.len() as u64)
    }

    /// The one at this place, in seconds.
    pub(crate) fn get(&self, place: u64) -> i64 {
        let place = self.picked.as_ref().map_or(place, |picked| picked[place as usize]) as usize;
        let (rest, second) = (place / self.seconds.len(), self.seconds[place % self.seconds.len()]);
        let (rest, minute) = (rest / self.minutes.len(), self.minutes[rest % self.minutes.len()]);
        let (rest, hour) = (rest / self.hours.len(), self.hours[rest % self.hours.len()]);
        self.days[rest] * DAY + hour * 3600 + minute * 60 + second
    }

    /// The place of the first that is not before this time.
    pub(crate) fn first_from(&self, time: i64) -> u64 {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle) < time {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn product(&self) -> u64 {
        (self.days.len() * self.hours.len() * self.minutes.len() * self.seconds.len()) as u64
    }
}
