//! A schedule begins: with a task that is there already as its first occurrence.

use jiff::tz::TimeZone;
use mesh_recurrence::{Nominal, Outcome, RuleSet, Series};
use mesh_types::{TaskId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use super::{
    Advance, Occurrence, OccurrenceState, Place, Planned, Schedule, ScheduleError, ScheduleEvent, SchedulePolicies,
    ScheduleState, ScheduleStep, ScheduleVerb, Since, TaskRef, Template, ToDo, reminder::FIRST_INSTANT,
    template::wall_time,
};

/// What a new schedule says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleDraft {
    /// The task that is its first occurrence.
    pub task_id: TaskId,
    /// What the others are made from; `None` is copied from the task.
    pub template: Option<Template>,
    /// The rules.
    pub rrule: String,
    /// Where they start; `None` is the task's due.
    pub start: Option<Nominal>,
    /// The zone, as the database of zones spells it; `None` is the task's, else the caller's.
    pub time_zone: Option<String>,
    /// How the rules are read.
    pub policies: SchedulePolicies,
}

/// Who begins a schedule, where and when.
#[derive(Clone, Debug)]
pub struct Beginning<'a> {
    /// A fresh id.
    pub id: Uuid,
    /// The workspace it is to belong to.
    pub workspace_id: WorkspaceId,
    /// Who.
    pub created_by: UserId,
    /// Their zone, if it is known.
    pub caller_zone: Option<&'a str>,
    /// When.
    pub now: Timestamp,
}

/// How much later than now a task's clock may run.
const CLOCKS_DIFFER: std::time::Duration = std::time::Duration::from_secs(300);

impl Schedule {
    /// A new schedule of `task`, which becomes its first occurrence, and what the others are copied from unless the
    /// draft has a template.
    ///
    /// # Errors
    /// When the task is not one to come back, or the draft makes no sense: each field has a variant of its own.
    pub fn create(
        draft: ScheduleDraft,
        task: &TaskRef,
        copied: Template,
        beginning: &Beginning<'_>,
    ) -> Result<ScheduleStep, ScheduleError> {
        refuse(task, beginning)?;
        let zone = zone(&draft, task, beginning)?;
        let zone = (zone.0.as_str(), &zone.1);
        let start = draft.start.or_else(|| task.due.as_ref().map(|due| wall_time(due, zone)));
        let start = start.ok_or(ScheduleError::StartMissing)?;
        let (rules, first) = check(&draft, start, zone.1)?;
        let template = match draft.template {
            Some(template) => template,
            None => copied.starting_like(task.start.as_ref(), task.due.as_ref(), zone),
        };
        let mut after = Self {
            id: beginning.id,
            workspace_id: beginning.workspace_id,
            task_id: draft.task_id,
            template,
            text: rules.describe(),
            rrule: draft.rrule,
            start,
            time_zone: zone.0.to_owned(),
            policies: draft.policies,
            state: ScheduleState::Active,
            next: None,
            planned_count: 1,
            pause_time: None,
            end_time: None,
            create_time: beginning.now,
            update_time: beginning.now,
            delete_time: None,
            version: 1,
            created_by: beginning.created_by,
        };
        after.next = after.upcoming_after(start)?;
        let occurrence = after.first_occurrence(first, task, beginning.now);
        let event = ScheduleEvent { verb: ScheduleVerb::Created, before: None, after };
        Ok(ScheduleStep { event, planned: Some(Planned { occurrence, follows: None }) })
    }

    fn first_occurrence(&self, place: Place, task: &TaskRef, now: Timestamp) -> Occurrence {
        Occurrence {
            schedule_id: self.id,
            nominal: self.start,
            place,
            task_id: self.task_id,
            state: OccurrenceState::Open,
            successor_planned: false,
            plan_time: now,
            close_time: None,
            since: Since { version: task.version, time: now.plus(CLOCKS_DIFFER) },
            newest: (task.epoch, task.version),
            to_do: Some(ToDo::Link),
        }
    }
}

fn refuse(task: &TaskRef, beginning: &Beginning<'_>) -> Result<(), ScheduleError> {
    if task.workspace_id != beginning.workspace_id {
        return Err(ScheduleError::TaskElsewhere(task.id));
    }
    if task.deleted {
        return Err(ScheduleError::TaskDeleted(task.id));
    }
    if task.is_over() { Err(ScheduleError::TaskClosed(task.id)) } else { Ok(()) }
}

/// The zone's name and rules: as asked, else the task's, else the caller's.
fn zone(draft: &ScheduleDraft, task: &TaskRef, by: &Beginning<'_>) -> Result<(String, TimeZone), ScheduleError> {
    let of_task = task.due.as_ref().and_then(|due| due.zone());
    let name = draft.time_zone.as_deref().or(of_task).or(by.caller_zone);
    name.and_then(mesh_recurrence::zone).ok_or(ScheduleError::ZoneMissing)
}

/// Checks the rules against everything they depend on, and returns where the first occurrence is.
fn check(draft: &ScheduleDraft, start: Nominal, zone: &TimeZone) -> Result<(RuleSet, Place), ScheduleError> {
    let rules = RuleSet::parse(&draft.rrule, start).map_err(ScheduleError::Rule)?;
    if draft.policies.advance == Advance::FromCompletion && counts(&draft.rrule) {
        return Err(ScheduleError::CountFromCompletion);
    }
    if !draft.policies.end.admits(start.date(), 0) {
        return Err(ScheduleError::EndBeforeStart);
    }
    let series = Series::new(rules.clone(), zone.clone(), draft.policies.placing);
    let first = match series.first() {
        Outcome::Next(first) => first,
        Outcome::Ended => return Err(ScheduleError::NeverFires),
        Outcome::GaveUp => return Err(ScheduleError::TooHard),
    };
    let place = if first.nominal == start { Some(Place::from(&first)) } else { Place::of(start, zone) };
    let place = place.filter(|place| place.instant >= FIRST_INSTANT).ok_or(ScheduleError::StartUnplaceable)?;
    Ok((rules, place))
}

/// Whether the rules end by COUNT.
fn counts(rrule: &str) -> bool {
    rrule.split([';', ':', '\n']).any(|part| part.trim().to_ascii_uppercase().starts_with("COUNT="))
}
