//! What happened to a schedule. One mutation is one version and one event.

use mesh_recurrence::Nominal;

use super::Schedule;

/// Something that happened to a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleEvent {
    /// What happened.
    pub verb: ScheduleVerb,
    /// The schedule before it; `None` when it is new.
    pub before: Option<Schedule>,
    /// The schedule after it.
    pub after: Schedule,
    /// The occurrence that it is about, where it is about a single one.
    pub occurrence: Option<Nominal>,
}

impl ScheduleEvent {
    /// The fields that are different now; of a new schedule, those that are set.
    pub fn changed(&self) -> Vec<ScheduleField> {
        let differs = |field: &ScheduleField| match &self.before {
            Some(before) => field.differs(before, &self.after),
            None => field.is_set(&self.after),
        };
        ScheduleField::ALL.iter().copied().filter(differs).collect()
    }
}

/// What can happen to a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScheduleVerb {
    /// It was made.
    Created,
    /// An occurrence was planned.
    Planned,
    /// It was told to plan no more for now.
    Paused,
    /// It was told to plan again.
    Resumed,
    /// It came to its end, or was brought to it.
    Ended,
    /// Fields were changed.
    Updated,
    /// An occurrence is left out.
    Skipped,
    /// It ended, and another one took over.
    Split,
    /// It was put into the bin.
    Deleted,
    /// It was taken out of the bin.
    Undeleted,
}

impl ScheduleVerb {
    /// The verb as subjects and the audit trail spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Planned => "planned",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Ended => "ended",
            Self::Updated => "updated",
            Self::Skipped => "skipped",
            Self::Split => "split",
            Self::Deleted => "deleted",
            Self::Undeleted => "undeleted",
        }
    }
}

macro_rules! fields {
    ($($name:ident = $path:literal, $get:expr, $unset:expr;)*) => {
        /// A field whose change is told. (Version, etag and update time change every time, so they are not.)
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "documented in the contract, message Schedule")]
        pub enum ScheduleField { $($name,)* }

        impl ScheduleField {
            /// Every such field, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its path in a field mask.
            pub fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }

            /// Whether two states of a schedule differ in it.
            fn differs(self, one: &Schedule, other: &Schedule) -> bool {
                match self { $(Self::$name => { let get: fn(&Schedule) -> _ = $get; get(one) != get(other) })* }
            }

            /// Whether a new schedule says something about it.
            fn is_set(self, schedule: &Schedule) -> bool {
                match self { $(Self::$name => { let get: fn(&Schedule) -> _ = $get; get(schedule) != $unset })* }
            }
        }
    };
}

fields! {
    TaskId = "task_id", |schedule| schedule.task_id, None;
    Template = "template", |schedule| Some(schedule.template.clone()), None;
    Rrule = "rrule", |schedule| Some(schedule.rrule.clone()), None;
    Start = "start", |schedule| Some(schedule.start), None;
    TimeZone = "time_zone", |schedule| Some(schedule.time_zone.clone()), None;
    Policies = "policies", |schedule| Some(schedule.policies), None;
    State = "state", |schedule| Some(schedule.state), None;
    Text = "text", |schedule| Some(schedule.text.clone()), None;
    NextOccurrence = "next_occurrence", |schedule| schedule.next.map(|next| next.nominal), None;
    NextTime = "next_time", |schedule| schedule.next.map(|next| next.time), None;
    PlannedCount = "planned_count", |schedule| Some(schedule.planned_count), None;
    SplitFromId = "split_from_id", |schedule| schedule.split_from, None;
    EndsBefore = "ends_before", |schedule| schedule.ends_before, None;
    PauseTime = "pause_time", |schedule| schedule.pause_time, None;
    EndTime = "end_time", |schedule| schedule.end_time, None;
    DeleteTime = "delete_time", |schedule| schedule.delete_time, None;
}
