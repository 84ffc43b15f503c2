//! The small world after something was done to its schedule, for tests to spoil.

use jiff::civil::{DateTime, date};
use mesh_proto::{
    scheduler::v1::{Occurrence, OccurrenceState, Schedule, ScheduleState},
    task::v1::{Task, TaskStatus},
};

use super::worlds::{Both, DUE, SCHEDULE, SUCCESSOR, occurrence, occurrence_task, step};
use crate::campaign::record::{Change, Closing, Errands, Fate, Series};

/// The task after the successor.
pub(super) const THIRD: &str = "third";
/// The schedule that is split off.
pub(super) const NEW: &str = "new";

fn day(day: i8) -> DateTime {
    date(2030, 1, day).at(9, 0, 0, 0)
}

impl Both {
    /// The successor was skipped, and has a successor of its own.
    pub(super) fn skipped() -> Self {
        let mut both = Self::agreeing();
        both.did_schedule("skipped", |_| ());
        both.series().close(day(2), Fate::Skipped);
        both.close_successor(Closing::Cancel);
        both.occurrences()[1].set_state(OccurrenceState::Skipped);
        let (task, third) = both.third();
        both.make_task(task);
        both.occurrences().push(third);
        both.agreed()
    }

    /// The one after the successor is not to come.
    pub(super) fn left_out() -> Self {
        let mut both = Self::agreeing();
        both.did_schedule("skipped", |_| ());
        both.series().skip_early(day(3));
        let (_, third) = both.third();
        let left_out = Occurrence { task_id: None, state: OccurrenceState::Skipped.into(), ..third };
        both.occurrences().push(left_out);
        both.agreed()
    }

    /// The schedule was deleted, with what was open or without.
    pub(super) fn deleted(how: Option<Closing>) -> Self {
        let mut both = Self::agreeing();
        both.did_schedule("deleted", |schedule| schedule.delete_time = Some(prost_types::Timestamp::default()));
        both.series().delete(how);
        if let Some(how) = how {
            both.close_successor(how);
            both.occurrences()[1].set_state(match how {
                Closing::Cancel => OccurrenceState::Cancelled,
                Closing::Delete => OccurrenceState::Deleted,
            });
        }
        both.agreed()
    }

    /// The schedule was split at the successor, by another title.
    pub(super) fn split() -> Self {
        let mut both = Self::agreeing();
        both.did_schedule("split", |schedule| {
            schedule.set_state(ScheduleState::Ended);
            schedule.ends_before = Some(Series::spelled(day(2)));
        });
        let fresh = both.series().split(SCHEDULE, day(2), &[Change::Title("new habit".to_owned())]);
        both.ledger.series.insert(NEW.to_owned(), fresh);
        let schedules = vec![SCHEDULE.to_owned(), NEW.to_owned()];
        both.ledger.errands.insert(SUCCESSOR.to_owned(), Errands { schedules, closing: None });
        let split_from_id = Some(SCHEDULE.to_owned());
        let mut new = Schedule { id: NEW.to_owned(), version: 1, split_from_id, ..Schedule::default() };
        new.set_state(ScheduleState::Active);
        both.world.schedules.insert(NEW.to_owned(), new);
        both.record("schedule", NEW, 1, "created");
        both.change_successor("updated", |task| {
            (task.title, task.schedule_id) = (Some("new habit".to_owned()), Some(NEW.to_owned()));
        });
        let moved = both.occurrences().pop().expect("the successor");
        both.world.occurrences.insert(NEW.to_owned(), vec![Occurrence { schedule_id: NEW.to_owned(), ..moved }]);
        both.agreed()
    }

    /// The occurrence after the successor, and its task.
    pub(super) fn third(&self) -> (Task, Occurrence) {
        (occurrence_task(THIRD, day(3)), occurrence(THIRD, day(3), OccurrenceState::Open))
    }

    fn agreed(mut self) -> Self {
        self.follow();
        assert_eq!(self.all_differences(), []);
        self
    }

    fn series(&mut self) -> &mut Series {
        self.ledger.series.get_mut(SCHEDULE).expect("the series")
    }

    /// A change of the schedule was acknowledged and recorded.
    fn did_schedule(&mut self, verb: &'static str, change: impl FnOnce(&mut Schedule)) {
        let schedule = self.schedule();
        schedule.version += 1;
        change(schedule);
        let schedule = schedule.clone();
        self.record("schedule", SCHEDULE, schedule.version, verb);
        self.series().steps.push(step(verb, DUE - 8_000_000, schedule));
    }

    fn close_successor(&mut self, how: Closing) {
        self.ledger.errands.entry(SUCCESSOR.to_owned()).or_default().closing = Some(how);
        match how {
            Closing::Cancel => self.change_successor("cancelled", |task| task.set_status(TaskStatus::Cancelled)),
            Closing::Delete => self.change_successor("deleted", |task| {
                task.delete_time = Some(prost_types::Timestamp::default());
            }),
        }
    }

    /// The schedule changed the successor's task in its user's name.
    fn change_successor(&mut self, verb: &str, change: impl FnOnce(&mut Task)) {
        let task = self.successor();
        task.version += 1;
        change(task);
        let version = task.version;
        self.record("task", SUCCESSOR, version, verb);
    }
}
