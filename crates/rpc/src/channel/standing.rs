//! What is remembered of an address: whether it failed too often, since when it is left out, and how it comes back.

use std::time::Duration;

use tokio::time::Instant;

/// The longest time for which an address is left out.
const LONGEST: Duration = Duration::from_secs(60);

/// When an address is left out, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// After so many failures in a row.
    pub(super) failures: u32,
    /// For so long the first time; each further time twice as long.
    pub(super) pause: Duration,
}

/// The standing of an address.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Failures in a row.
    failures: u32,
    /// How often in a row it was left out.
    times: u32,
    /// Until when it is left out. After that it gets a single call, on trial.
    until: Option<Instant>,
    on_trial: bool,
}

impl Standing {
    /// Whether it takes calls, or may be tried again.
    pub(super) fn takes_calls(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now >= until && !self.on_trial)
    }

    /// Whether it is left out.
    pub(super) fn is_out(&self) -> bool {
        self.until.is_some()
    }

    /// A call begins. Returns whether it is a trial.
    pub(super) fn begin(&mut self) -> bool {
        let trial = self.until.is_some() && !self.on_trial;
        self.on_trial |= trial;
        trial
    }

    /// A call was served: whatever was before, the address is good.
    pub(super) fn served(&mut self) {
        *self = Self::default();
    }

    /// A call failed. Returns whether the address is left out from now on. Whether it `may` be asks how many are
    /// already.
    pub(super) fn failed(&mut self, was_trial: bool, now: Instant, rule: Rule, may: impl FnOnce() -> bool) -> bool {
        if self.until.is_some() {
            if was_trial {
                self.leave_out(now, rule);
            }
            return was_trial;
        }
        self.failures = self.failures.saturating_add(1);
        let out = self.failures >= rule.failures && may();
        if out {
            self.leave_out(now, rule);
        }
        out
    }

    /// A call ended and says nothing.
    pub(super) fn forget(&mut self, was_trial: bool) {
        if was_trial {
            self.on_trial = false;
        }
    }

    fn leave_out(&mut self, now: Instant, rule: Rule) {
        let pause = rule.pause.saturating_mul(1 << self.times.min(16)).min(LONGEST);
        // With jitter, so that callers do not come back all at once.
        self.until = Some(now + pause.mul_f64(0.8 + 0.4 * fastrand::f64()));
        self.times += 1;
        self.on_trial = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { failures: 3, pause: Duration::from_secs(10) };

    fn fail(standing: &mut Standing, now: Instant) -> bool {
        let trial = standing.begin();
        standing.failed(trial, now, RULE, || true)
    }

    #[test]
    fn so_many_failures_in_a_row_leave_an_address_out_and_one_answer_takes_them_back() {
        let (mut standing, now) = (Standing::default(), Instant::now());
        assert!(!fail(&mut standing, now) && !fail(&mut standing, now));
        standing.served();
        assert!(!fail(&mut standing, now) && !fail(&mut standing, now) && fail(&mut standing, now));
        assert!(!standing.takes_calls(now));
    }

    #[test]
    fn it_comes_back_by_a_single_trial() {
        let (mut standing, now) = (Standing::default(), Instant::now());
        (0..3).for_each(|_| _ = fail(&mut standing, now));
        let later = now + Duration::from_secs(13);
        assert!(standing.takes_calls(later));
        assert!(standing.begin());
        assert!(!standing.takes_calls(later), "one at a time");
        standing.forget(true);
        assert!(standing.takes_calls(later) && standing.begin());
        standing.served();
        assert!(standing.takes_calls(later) && standing.takes_calls(later) && !standing.is_out());
    }

    #[test]
    fn each_trial_that_fails_doubles_the_time_up_to_a_minute() {
        let (mut standing, mut now) = (Standing::default(), Instant::now());
        (0..3).for_each(|_| _ = fail(&mut standing, now));
        for seconds in [20.0, 40.0, 60.0, 60.0] {
            now = standing.until.expect("it is out");
            assert!(fail(&mut standing, now));
            let out = standing.until.expect("it is out").duration_since(now).as_secs_f64();
            assert!((seconds * 0.79..=seconds * 1.21).contains(&out), "{out} for {seconds}");
        }
    }

    #[test]
    fn the_last_that_may_be_left_is_left() {
        let (mut standing, now) = (Standing::default(), Instant::now());
        for _ in 0..9 {
            assert!(!standing.failed(false, now, RULE, || false));
        }
        assert!(standing.takes_calls(now));
    }
}
