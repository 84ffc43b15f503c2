//! The rules of a zone have changed: the same wall times are other instants.

use mesh_types::Timestamp;

use super::{Occurrence, Place, Schedule, ScheduleError, ScheduleStep, ScheduleVerb, SoFar, schedule_search::known};

impl Schedule {
    /// Puts what is to come, and what is open, where it belongs by the rules of zones that are in force now. The tasks
    /// themselves are kept by their wall times.
    ///
    /// # Errors
    /// When its rules cannot be read any more.
    pub fn replace(&self, so_far: &SoFar, now: Timestamp) -> Result<Option<ScheduleStep>, ScheduleError> {
        let mut rewritten = Vec::new();
        for open in &so_far.open {
            if let Some(place) = self.place_of(open)?.filter(|place| *place != open.place) {
                rewritten.push(Occurrence { place, ..open.clone() });
            }
        }
        let after = Self { next: self.upcoming(so_far, now)?, ..self.clone() };
        let moved = after != *self || !rewritten.is_empty();
        Ok(moved.then(|| ScheduleStep { rewritten, ..self.step(after, ScheduleVerb::Updated, now) }))
    }

    fn place_of(&self, open: &Occurrence) -> Result<Option<Place>, ScheduleError> {
        match known(self.series_from(self.start)?.at(open.nominal))? {
            Some(found) => Ok(Some(Place::from(&found))),
            // A start that no rule gives, or one of rules that were changed since.
            None if open.place.adjustments.is_empty() => Ok(Place::of(open.place.local, &self.zone()?)),
            None => Ok(None),
        }
    }
}
