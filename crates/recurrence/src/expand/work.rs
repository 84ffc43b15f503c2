//! The bound on the work of one answer.

/// The bound was reached; what comes after is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GaveUp;

/// How much work is left. One unit is about one period or one candidate looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    left: u32,
}

impl Work {
    /// Enough for every rule that somebody means, and a few milliseconds at most.
    pub(crate) const ONE_ANSWER: u32 = 100_000;

    pub(crate) fn new(units: u32) -> Work {
        Work { left: units }
    }

    pub(crate) fn spend(&mut self, units: u32) -> Result<(), GaveUp> {
        self.left = self.left.checked_sub(units).ok_or(GaveUp)?;
        Ok(())
    }
}
