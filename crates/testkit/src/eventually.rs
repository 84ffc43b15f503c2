//! Waiting for something that another task or process does.

use std::{fmt::Debug, panic::Location, time::Duration};

use tokio::time::Instant;

use crate::settings;

/// How long to wait at most, in seconds; more on a slow machine.
const PATIENCE: &str = "TASKMESH_TEST_PATIENCE_SECONDS";
const DEFAULT_PATIENCE: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What a probe found: what was waited for, or why it is not there yet.
pub trait Outcome {
    /// What was waited for.
    type Value;

    /// `Ok` ends the waiting.
    ///
    /// # Errors
    /// What is shown if patience runs out now.
    fn settle(self) -> Result<Self::Value, String>;
}

impl Outcome for bool {
    type Value = ();

    fn settle(self) -> Result<(), String> {
        if self { Ok(()) } else { Err("still false".to_owned()) }
    }
}

impl<T> Outcome for Option<T> {
    type Value = T;

    fn settle(self) -> Result<T, String> {
        self.ok_or_else(|| "still nothing".to_owned())
    }
}

impl<T, E: Debug> Outcome for Result<T, E> {
    type Value = T;

    fn settle(self) -> Result<T, String> {
        self.map_err(|error| format!("still {error:?}"))
    }
}

/// Asks `probe` again and again until it answers `true`, `Some` or `Ok`, and returns what it found.
///
/// # Panics
/// When it takes longer than `TASKMESH_TEST_PATIENCE_SECONDS` (default 20), with the probe's last answer.
#[track_caller]
pub fn eventually<O: Outcome>(mut probe: impl AsyncFnMut() -> O) -> impl Future<Output = O::Value> {
    let caller = Location::caller();
    async move {
        let deadline = Instant::now() + patience();
        let mut pause = FIRST_PAUSE;
        loop {
            match probe().await.settle() {
                Ok(value) => return value,
                Err(last) => assert!(Instant::now() < deadline, "waited in vain at {caller}: {last}"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn patience() -> Duration {
    let seconds = settings::optional(PATIENCE).and_then(|text| text.parse().ok());
    seconds.map_or(DEFAULT_PATIENCE, Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_comes_later_is_waited_for() {
        let mut asked = 0;
        let found = eventually(async || {
            asked += 1;
            (asked > 10).then_some(asked)
        })
        .await;
        assert_eq!(found, 11);
    }

    #[tokio::test(start_paused = true)]
    #[should_panic(expected = "still Err")]
    async fn what_never_comes_is_not_waited_for_for_ever() {
        eventually(async || Err::<(), _>(Err::<(), _>("no"))).await;
    }
}
