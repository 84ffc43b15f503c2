//! How many calls to a service may be sent again: gRFC A6, so that a service that is down is not asked many times more.

use std::sync::atomic::{AtomicU32, Ordering};

/// What the budget holds at most, in thousandths of a token. Half of it must be there for a call to be sent again.
const FULL: u32 = 10_000;
/// What a failure costs.
const COST: u32 = 1_000;
/// What a success earns.
const GAIN: u32 = 100;

/// Tokens of one service.
#[derive(Debug)]
pub(super) struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(FULL))
    }
}

impl Budget {
    /// A call was answered.
    pub(super) fn earn(&self) {
        // A full budget, the usual case, is not written to.
        if self.0.load(Ordering::Relaxed) < FULL {
            self.change(|tokens| (tokens + GAIN).min(FULL));
        }
    }

    /// A call failed. Returns whether it may be sent again.
    pub(super) fn spend(&self) -> bool {
        self.change(|tokens| tokens.saturating_sub(COST)) > FULL / 2
    }

    /// Returns what is left.
    fn change(&self, change: impl Fn(u32) -> u32) -> u32 {
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| Some(change(tokens)));
        before.map_or(0, change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_failures_may_be_repeated_and_then_ten_answers_for_each() {
        let budget = Budget::default();
        let allowed = (0..100).filter(|_| budget.spend()).count();
        assert_eq!(allowed, 4);
        (0..59).for_each(|_| budget.earn());
        assert!(!budget.spend());
        (0..12).for_each(|_| budget.earn());
        assert!(budget.spend());
    }
}
