//! How long to wait before trying again: longer each time, with jitter so that replicas do not try in step.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Pauses that double from 100 ms to 5 s until something goes right again.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// Something went right.
    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }

    /// The next pause.
    pub(crate) fn next_pause(&mut self) -> Duration {
        let pause = SHORTEST.saturating_mul(1 << self.attempts.min(10)).min(LONGEST);
        self.attempts += 1;
        jittered(pause)
    }

    /// Waits for the next pause, or until `stop`.
    pub(crate) async fn wait(&mut self, stop: &CancellationToken) {
        let pause = self.next_pause();
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Between half of `pause` and all of it.
pub(crate) fn jittered(pause: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() % 512;
    pause / 2 + pause / 2 * random as u32 / 512
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_five_seconds_and_start_anew_after_success() {
        let mut backoff = Backoff::default();
        assert!(backoff.next_pause() <= SHORTEST);
        let longest = (0..100).map(|_| backoff.next_pause()).max().expect("there are some");
        assert!(longest > LONGEST / 2 && longest <= LONGEST);
        backoff.reset();
        assert!(backoff.next_pause() <= SHORTEST);
    }
}
