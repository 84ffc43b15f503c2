//! Chance that replays: the same seed draws the same, whatever the version of whatever library.

use std::{ops::RangeInclusive, time::Duration};

/// SplitMix64 (Steele, Lea and Flood, 2014): small, even enough for this, and for ever the same.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// What follows from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A source of its own for whoever is called `name`, so that nobody's draws depend on how often others draw.
    #[must_use]
    pub fn fork(&self, name: &str) -> Self {
        // FNV-1a
        let mixed = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut fork = Self(self.0 ^ mixed);
        fork.draw();
        fork
    }

    /// The next number.
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of `range`.
    pub fn number(&mut self, range: RangeInclusive<u64>) -> u64 {
        let width = (range.end() - range.start()).saturating_add(1);
        range.start() + self.draw() % width
    }

    /// A time of so many milliseconds.
    pub fn millis(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.number(range))
    }

    /// Yes, in so many of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.number(0..=99) < percent
    }

    /// One of `things`, of which there is at least one.
    pub fn pick<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.number(0..=things.len() as u64 - 1) as usize]
    }

    /// Puts `things` in any order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.number(0..=last as u64) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_for_ever() {
        let mut rng = Rng::new(42);
        assert_eq!([rng.draw(), rng.draw()], [13_679_457_532_755_275_413, 2_949_826_092_126_892_291]);
    }

    #[test]
    fn forks_differ_by_name_alone() {
        let seed = Rng::new(7);
        assert_eq!(seed.fork("one").draw(), seed.fork("one").draw());
        assert_ne!(seed.fork("one").draw(), seed.fork("two").draw());
    }
}
