//! One occurrence of a schedule is left out.

use mesh_recurrence::Nominal;
use mesh_types::Caller;

use super::{App, Error, Target};
use crate::store::{Known, WrittenSchedule};

/// Leave out one occurrence.
#[derive(Clone, Debug)]
pub struct SkipOccurrence {
    /// Of which schedule.
    pub target: Target,
    /// Which one; `None` is the open one, else the next.
    pub occurrence: Option<Nominal>,
}

impl App {
    /// Leaves out one occurrence. An open task of it is cancelled, and the next one is planned. One that is skipped already
    /// stays so.
    ///
    /// # Errors
    /// When there is no such schedule or occurrence, the caller may not change it, it has changed since it was read, it has
    /// ended, or the occurrence is over.
    #[tracing::instrument(level = "debug", skip_all, fields(schedule.id = %skip.target.id))]
    pub async fn skip_occurrence(&self, caller: &Caller, skip: &SkipOccurrence) -> Result<WrittenSchedule, Error> {
        let now = self.clock.now();
        let SkipOccurrence { target, occurrence } = skip;
        let change = target.change("SkipOccurrence", caller, now);
        let decide = |known: &Known| known.schedule.skip(*occurrence, known.occurrence.as_ref(), &known.so_far, now);
        let written = self.store.update_occurrence(&change, target.aim_at(*occurrence), decide).await?;
        self.planned.notify_one();
        Ok(written)
    }
}
