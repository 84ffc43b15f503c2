//! A series goes on differently from one occurrence on.

use mesh_recurrence::Nominal;
use mesh_types::{Caller, new_id};

use super::{App, Error, Target};
use crate::{
    domain::{Cut, ScheduleEdit},
    store::{Known, WrittenSplit},
};

/// Go on differently.
#[derive(Clone, Debug)]
pub struct SplitSchedule {
    /// Which schedule.
    pub target: Target,
    /// From which occurrence on; `None` is the next that is not planned.
    pub occurrence: Option<Nominal>,
    /// What is different from then on.
    pub edits: Vec<ScheduleEdit>,
}

impl App {
    /// Ends a schedule before an occurrence, and lets a new one take over.
    ///
    /// # Errors
    /// When there is no such schedule or occurrence, the caller may not change it, it has changed since it was read, it has
    /// ended, the occurrence is over, or the new schedule would make no sense.
    #[tracing::instrument(level = "debug", skip_all, fields(schedule.id = %split.target.id))]
    pub async fn split_schedule(&self, caller: &Caller, split: SplitSchedule) -> Result<WrittenSplit, Error> {
        let now = self.clock.now();
        let SplitSchedule { target, occurrence, edits } = split;
        let change = target.change("SplitSchedule", caller, now);
        let cut = Cut { at: occurrence, edits, id: new_id(now) };
        let decide = |known: &Known| known.schedule.split(cut, known.occurrence.as_ref(), &known.so_far, now);
        let written = self.store.split_schedule(&change, target.aim_at(occurrence), decide).await?;
        self.planned.notify_one();
        Ok(written)
    }
}
