//! A schedule begins: with a task that is there already as its first occurrence, or from a template.

use jiff::tz::TimeZone;
use mesh_recurrence::Nominal;
use mesh_types::{TaskId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use super::{
    Advance, Occurrence, OccurrenceState, Place, Planned, Schedule, ScheduleError, ScheduleEvent, SchedulePolicies,
    ScheduleState, ScheduleStep, ScheduleVerb, Since, SoFar, TaskRef, Template, ToDo, schedule_plan::Plan,
    template::wall_time,
};

/// What a new schedule says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleDraft {
    /// The task that is its first occurrence; `None` if all are made from the template.
    pub task_id: Option<TaskId>,
    /// What its tasks are made from; `None` is copied from the task.
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
        let (name, zone) = zone(&draft, Some(task), beginning)?;
        let start = draft.start.or_else(|| task.due.as_ref().map(|due| wall_time(due, (&name, &zone))));
        let start = start.ok_or(ScheduleError::StartMissing)?;
        let template = match draft.template.clone() {
            Some(template) => template,
            None => copied.starting_like(task.start.as_ref(), task.due.as_ref(), (&name, &zone)),
        };
        let mut after = Self::new(draft, template, (start, name), beginning);
        let (rules, place) = after.check()?;
        (after.text, after.task_id, after.planned_count) = (rules.describe(), Some(task.id), 1);
        let first = after.first_occurrence(place, task, beginning.now);
        let so_far = SoFar { newest: Some(start), open: vec![first.clone()], owed: Vec::new(), taken: vec![start] };
        let plan = after.plan(&so_far, None, beginning.now)?;
        Ok(after.begun(plan, Some(first), beginning.now))
    }

    /// A new schedule whose tasks are all made from its template, the first at once.
    ///
    /// # Errors
    /// When the draft makes no sense: each field has a variant of its own.
    pub fn create_from_template(
        draft: ScheduleDraft,
        template: Template,
        beginning: &Beginning<'_>,
    ) -> Result<ScheduleStep, ScheduleError> {
        if template.title.is_empty() {
            return Err(ScheduleError::TitleMissing);
        }
        let start = draft.start.ok_or(ScheduleError::StartMissing)?;
        let (name, _) = zone(&draft, None, beginning)?;
        let mut after = Self::new(draft, template, (start, name), beginning);
        after.text = after.check()?.0.describe();
        let plan = after.plan_first(&SoFar::default(), beginning.now)?;
        Ok(after.begun(plan, None, beginning.now))
    }

    /// What a schedule begins with that has no task yet; `so_far` at most some that are left out.
    pub(super) fn plan_first(&self, so_far: &SoFar, now: Timestamp) -> Result<Plan, ScheduleError> {
        if self.policies.advance == Advance::FromDue {
            return self.plan(so_far, None, now);
        }
        // What the first one is counted from is the start, not a completion.
        let by_due = SchedulePolicies { advance: Advance::FromDue, ..self.policies };
        let plan = Self { policies: by_due, ..self.clone() }.plan(so_far, None, now)?;
        Ok(Plan { next: None, ..plan })
    }

    /// The step that makes this schedule, with its first occurrence if that has its task already, and this planned.
    pub(super) fn begun(self, plan: Plan, first: Option<Occurrence>, now: Timestamp) -> ScheduleStep {
        let (after, more, noted) = self.with(plan, now);
        let first = first.map(|occurrence| Planned { occurrence, follows: None });
        let planned = first.into_iter().chain(more).collect();
        let event = ScheduleEvent { verb: ScheduleVerb::Created, before: None, after, occurrence: None };
        ScheduleStep { event, planned, noted, rewritten: Vec::new() }
    }

    fn new(draft: ScheduleDraft, template: Template, (start, zone): (Nominal, String), by: &Beginning<'_>) -> Self {
        Self {
            id: by.id,
            workspace_id: by.workspace_id,
            task_id: None,
            template,
            text: String::new(),
            rrule: draft.rrule,
            start,
            time_zone: zone,
            policies: draft.policies,
            state: ScheduleState::Active,
            next: None,
            planned_count: 0,
            split_from: None,
            rules_from: None,
            ends_before: None,
            pause_time: None,
            end_time: None,
            create_time: by.now,
            update_time: by.now,
            delete_time: None,
            version: 1,
            created_by: by.created_by,
        }
    }

    fn first_occurrence(&self, place: Place, task: &TaskRef, now: Timestamp) -> Occurrence {
        Occurrence {
            schedule_id: self.id,
            nominal: self.start,
            place,
            task_id: task.id,
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
fn zone(
    draft: &ScheduleDraft,
    task: Option<&TaskRef>,
    by: &Beginning<'_>,
) -> Result<(String, TimeZone), ScheduleError> {
    let of_task = task.and_then(|task| task.due.as_ref()).and_then(|due| due.zone());
    let name = draft.time_zone.as_deref().or(of_task).or(by.caller_zone);
    name.and_then(mesh_recurrence::zone).ok_or(ScheduleError::ZoneMissing)
}
