//! When a failed delivery is tried again.

use std::time::Duration;

use uuid::Uuid;

/// The pauses between attempts, and by how much each is stretched so that what failed together does not come back
/// together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrySchedule {
    pauses: Vec<Duration>,
    jitter_percent: u32,
}

impl RetrySchedule {
    /// Waits `pauses[0]` after the first failure, and so on; each up to `jitter_percent` longer.
    pub fn new(pauses: Vec<Duration>, jitter_percent: u32) -> Self {
        Self { pauses, jitter_percent }
    }

    /// How long to wait after the `failures`-th failure in a row of the delivery `id`; `None` is for ever.
    pub fn pause(&self, failures: u32, id: Uuid) -> Option<Duration> {
        let pause = *self.pauses.get(usize::try_from(failures.checked_sub(1)?).ok()?)?;
        let thousandths = self.jitter_percent * roll(id, failures) / 100;
        Some(pause + pause * thousandths / 1_000)
    }
}

/// A number from 0 to 1000 that is as good as drawn: the id is random, and every failure gives another one.
fn roll(id: Uuid, failures: u32) -> u32 {
    let (high, low) = id.as_u64_pair();
    let mixed = (high ^ low.rotate_left(17)).wrapping_add(u64::from(failures)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // The highest bits are mixed best.
    u32::try_from((mixed >> 32) % 1_001).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(jitter_percent: u32) -> RetrySchedule {
        RetrySchedule::new([5, 300].map(Duration::from_secs).to_vec(), jitter_percent)
    }

    #[test]
    fn pauses_follow_the_schedule_and_then_end() {
        let pauses: Vec<_> = (0..4).map(|failures| schedule(0).pause(failures, Uuid::from_u128(7))).collect();
        assert_eq!(pauses, [None, Some(Duration::from_secs(5)), Some(Duration::from_secs(300)), None]);
    }

    #[test]
    fn jitter_stretches_a_pause_by_its_share_at_most() {
        let of = |id| schedule(20).pause(2, Uuid::from_u128(id)).expect("a pause");
        let pauses: Vec<_> = (0..1_000).map(|id| of(id * 0x1234_5678_9abc_def1)).collect();
        assert!(pauses.iter().all(|pause| (300..=360).contains(&pause.as_secs())));
        let late = pauses.iter().filter(|pause| pause.as_secs() >= 330).count();
        assert!((300..=700).contains(&late), "{late} of 1000 in the later half");
    }
}
