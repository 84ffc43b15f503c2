//! What schedules do, without a database.

use mesh_recurrence::{Adjustment, Nominal, Weekend};
use mesh_types::{Actor, TaskId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use super::*;

const ZONE: &str = "Europe/Berlin";

pub(super) fn at(text: &str) -> Timestamp {
    schedule_time::from_jiff(text.parse().expect("an instant"))
}

pub(super) fn nominal(text: &str) -> Nominal {
    text.parse().expect("a nominal start")
}

fn task() -> TaskRef {
    TaskRef {
        id: TaskId(Uuid::from_u128(1)),
        workspace_id: WorkspaceId(Uuid::from_u128(2)),
        epoch: 1,
        version: 3,
        title: "water the plants".to_owned(),
        status: TaskStatus::Open,
        deleted: false,
        start: None,
        due: PlannedTime::local_time("2026-10-19T09:00:00", ZONE.to_owned()),
    }
}

pub(super) fn draft(rrule: &str) -> ScheduleDraft {
    ScheduleDraft {
        task_id: Some(task().id),
        template: None,
        rrule: rrule.to_owned(),
        start: None,
        time_zone: None,
        policies: SchedulePolicies::default(),
    }
}

fn create_of(task: &TaskRef, draft: ScheduleDraft) -> Result<ScheduleStep, ScheduleError> {
    let beginning = Beginning {
        id: Uuid::from_u128(7),
        workspace_id: WorkspaceId(Uuid::from_u128(2)),
        created_by: UserId(Uuid::from_u128(3)),
        caller_zone: None,
        now: at("2026-10-01T00:00:00Z"),
    };
    Schedule::create(draft, task, Template { title: task.title.clone(), ..Template::default() }, &beginning)
}

fn create(draft: ScheduleDraft) -> Result<ScheduleStep, ScheduleError> {
    create_of(&task(), draft)
}

pub(super) fn schedule(draft: ScheduleDraft) -> Schedule {
    create(draft).expect("it can be created").event.after
}

pub(super) fn first_of(rrule: &str) -> Occurrence {
    only(create(draft(rrule)).expect("it can be created")).occurrence
}

fn closed(nominal_start: &str, time: &str) -> Closed {
    Closed { nominal: nominal(nominal_start), task_id: task().id, time: at(time) }
}

/// What a step plans, which is one.
pub(super) fn only(step: ScheduleStep) -> Planned {
    assert_eq!(step.planned.len(), 1);
    step.planned.into_iter().next().expect("it is planned")
}

/// Only these are planned, and none is open.
pub(super) fn so_far(planned: &[Nominal]) -> SoFar {
    SoFar { newest: planned.iter().copied().max(), taken: planned.to_vec(), ..SoFar::default() }
}

/// What follows when `closed` is closed and these are planned.
fn succeed(schedule: &Schedule, closed: Closed, planned: &[Nominal]) -> Option<ScheduleStep> {
    match schedule.succeed(closed, &so_far(planned), closed.time).expect("it goes on") {
        Succession::Owed => panic!("the successor is owed"),
        Succession::Settled(step) => step.map(|step| *step),
    }
}

/// What is planned when the newest of `planned` is closed at `time`.
fn planned_after(schedule: &Schedule, planned: &[&str], time: &str) -> Option<String> {
    let planned: Vec<Nominal> = planned.iter().map(|text| nominal(text)).collect();
    let newest = *planned.iter().max().expect("one is planned");
    let closed = Closed { nominal: newest, task_id: task().id, time: at(time) };
    let step = succeed(schedule, closed, &planned).expect("something happens");
    step.planned.first().map(|planned| planned.occurrence.nominal.to_string())
}

fn days<'a>(occurrences: impl Iterator<Item = &'a Occurrence>) -> Vec<String> {
    occurrences.map(|occurrence| occurrence.nominal.date().to_string()).collect()
}

pub(super) fn change(version: i64, status: TaskStatus, time: &str) -> TaskChange {
    let user_id = UserId(Uuid::from_u128(3));
    let actor = Actor { user_id, service: None, token_id: None, client_address: None, user_agent: None };
    let task = TaskRef { version, status, ..task() };
    TaskChange { task, opens: false, cause: Cause { actor, trace_parent: None }, time: at(time) }
}

#[test]
fn the_task_is_the_first_occurrence_and_the_rule_follows() {
    let step = create(draft("FREQ=WEEKLY")).expect("it can be created");
    let schedule = &step.event.after;
    assert_eq!((schedule.time_zone.as_str(), schedule.start), (ZONE, nominal("2026-10-19T09:00:00")));
    assert_eq!(schedule.next.map(|next| next.time), Some(at("2026-10-26T08:00:00Z")), "the clocks have changed");
    let Planned { occurrence: first, follows } = only(step.clone());
    assert_eq!(follows, None);
    assert_eq!((first.task_id, first.state, first.to_do), (task().id, OccurrenceState::Open, Some(ToDo::Link)));
    assert_eq!(first.place.instant, at("2026-10-19T07:00:00Z"));
}

#[test]
fn a_start_that_the_rule_does_not_give_is_the_first_occurrence_all_the_same() {
    let wednesdays = schedule(draft("FREQ=WEEKLY;BYDAY=WE"));
    assert_eq!(wednesdays.next.map(|next| next.nominal), Some(nominal("2026-10-21T09:00:00")));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |draft| create(draft).expect_err("a refusal");
    assert!(matches!(refused(draft("FREQ=SOMETIMES")), ScheduleError::Rule(_)));
    assert_eq!(refused(draft("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")), ScheduleError::NeverFires);
    let policies = SchedulePolicies { advance: Advance::FromCompletion, ..SchedulePolicies::default() };
    assert_eq!(refused(ScheduleDraft { policies, ..draft("FREQ=DAILY;count=3") }), ScheduleError::CountFromCompletion);
    let end = SeriesEnd::After(jiff::civil::date(2026, 10, 18));
    let policies = SchedulePolicies { end, ..SchedulePolicies::default() };
    assert_eq!(refused(ScheduleDraft { policies, ..draft("FREQ=DAILY") }), ScheduleError::EndBeforeStart);
    let no_due = TaskRef { due: None, ..task() };
    assert_eq!(create_of(&no_due, draft("FREQ=DAILY")).expect_err("a refusal"), ScheduleError::ZoneMissing);
    let zoned = ScheduleDraft { time_zone: Some(ZONE.to_owned()), ..draft("FREQ=DAILY") };
    assert_eq!(create_of(&no_due, zoned).expect_err("a refusal"), ScheduleError::StartMissing);
    // In Berlin the first midnight of the calendar is before its first instant.
    let first = ScheduleDraft { start: Some(nominal("0001-01-01T00:00:00")), ..draft("FREQ=DAILY") };
    assert_eq!(refused(first), ScheduleError::StartUnplaceable);
    let over = TaskRef { status: TaskStatus::Completed, ..task() };
    assert_eq!(create_of(&over, draft("FREQ=DAILY")).expect_err("a refusal"), ScheduleError::TaskClosed(over.id));
}

#[test]
fn the_wall_time_survives_the_change_of_the_clocks() {
    let weekly = schedule(draft("FREQ=WEEKLY"));
    let closed = closed("2026-10-19T09:00:00", "2026-10-20T00:00:00Z");
    let step = succeed(&weekly, closed, &[closed.nominal]).expect("something happens");
    assert_eq!((step.event.verb, step.event.after.version), (ScheduleVerb::Planned, 2));
    let Planned { occurrence: next, follows } = only(step.clone());
    assert_eq!(follows, Some(task().id));
    assert_eq!(next.place.local, nominal("2026-10-26T09:00:00"));
    assert_eq!(next.place.instant, at("2026-10-26T08:00:00Z"));
    assert_eq!(next.task_id, Occurrence::task_id(weekly.id, next.nominal));
    assert_eq!(step.event.after.planned_count, 2);
}

#[test]
fn missed_occurrences_are_skipped_or_made_up_for() {
    let skips = schedule(draft("FREQ=WEEKLY"));
    let late = "2026-11-20T12:00:00Z";
    assert_eq!(planned_after(&skips, &["2026-10-19T09:00:00"], late).as_deref(), Some("2026-11-23T09:00:00"));
    let policies = SchedulePolicies { missed: Missed::CreateAll, ..SchedulePolicies::default() };
    let all = schedule(ScheduleDraft { policies, ..draft("FREQ=WEEKLY") });
    let closed = closed("2026-10-19T09:00:00", late);
    let missed = ["2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"];
    let step = succeed(&skips, closed, &[closed.nominal]).expect("something happens");
    assert_eq!(days(step.noted.iter()), missed, "those that passed are noted as missed");
    let step = succeed(&all, closed, &[closed.nominal]).expect("something happens");
    assert_eq!(days(step.planned.iter().map(|planned| &planned.occurrence)), missed, "each gets its task");
    assert_eq!(step.event.after.next.map(|next| next.nominal), Some(nominal("2026-11-23T09:00:00")));
}

#[test]
fn a_day_is_missed_when_it_is_over() {
    let days = ScheduleDraft { start: Some(nominal("2026-11-18")), ..draft("FREQ=DAILY") };
    let days = schedule(days);
    let today = "2026-11-20T12:00:00Z";
    assert_eq!(planned_after(&days, &["2026-11-18"], today).as_deref(), Some("2026-11-20"));
    assert_eq!(planned_after(&days, &["2026-11-18", "2026-11-20"], today).as_deref(), Some("2026-11-21"));
}

#[test]
fn from_completion_the_rules_start_anew() {
    let policies = SchedulePolicies { advance: Advance::FromCompletion, ..SchedulePolicies::default() };
    let rolling = schedule(ScheduleDraft { policies, ..draft("FREQ=DAILY;INTERVAL=3") });
    assert_eq!(rolling.next, None, "it depends on when the task is done");
    let first = "2026-10-19T09:00:00";
    assert_eq!(planned_after(&rolling, &[first], "2026-10-22T20:00:00Z").as_deref(), Some("2026-10-25T09:00:00"));
    // Done early: counted from then, and what has its task already is not given another.
    assert_eq!(planned_after(&rolling, &[first], "2026-10-15T20:00:00Z").as_deref(), Some("2026-10-18T09:00:00"));
    assert_eq!(planned_after(&rolling, &[first], "2026-10-16T20:00:00Z").as_deref(), Some("2026-10-22T09:00:00"));
}

#[test]
fn a_series_ends_by_count_by_day_and_by_its_rules() {
    let ends = |end, rrule: &str| {
        let policies = SchedulePolicies { end, ..SchedulePolicies::default() };
        let schedule = schedule(ScheduleDraft { policies, ..draft(rrule) });
        let closed = closed("2026-10-19T09:00:00", "2026-10-19T09:00:00Z");
        let step = succeed(&schedule, closed, &[closed.nominal]).expect("something happens");
        (step.event.verb, step.event.after.state, !step.planned.is_empty())
    };
    let over = (ScheduleVerb::Ended, ScheduleState::Ended, false);
    let goes_on = (ScheduleVerb::Planned, ScheduleState::Active, true);
    assert_eq!(ends(SeriesEnd::Count(1), "FREQ=DAILY"), over);
    assert_eq!(ends(SeriesEnd::Count(2), "FREQ=DAILY"), goes_on);
    assert_eq!(ends(SeriesEnd::After(jiff::civil::date(2026, 10, 19)), "FREQ=DAILY"), over);
    assert_eq!(ends(SeriesEnd::After(jiff::civil::date(2026, 10, 20)), "FREQ=DAILY"), goes_on);
    assert_eq!(ends(SeriesEnd::Never, "FREQ=DAILY;COUNT=1"), over);
    assert_eq!(ends(SeriesEnd::Never, "FREQ=DAILY;COUNT=2"), goes_on);
}

#[test]
fn a_series_whose_next_occurrence_cannot_be_found_is_not_over() {
    // To count that far takes more work than is allowed.
    let counted = schedule(draft("FREQ=MINUTELY;BYSECOND=0;COUNT=200000"));
    let closed = closed("2026-10-19T09:00:00", "2027-01-20T09:00:00Z");
    let step = counted.succeed(closed, &so_far(&[closed.nominal]), closed.time);
    assert_eq!(step, Err(ScheduleError::TooHard));
    let window = Window { nominal: Some(counted.start), after: None, before: None, taken: &[], limit: 3 };
    assert_eq!(counted.computed(&window, 1, closed.time), Ok(Vec::new()));
}

#[test]
fn a_paused_schedule_owes_the_successor_until_it_is_resumed() {
    let now = at("2026-10-20T00:00:00Z");
    let paused = schedule(draft("FREQ=WEEKLY")).pause(now).expect("it can").expect("it does").event.after;
    assert_eq!(paused.pause(now), Ok(None));
    let closed = closed("2026-10-19T09:00:00", "2026-10-20T00:00:00Z");
    assert_eq!(paused.succeed(closed, &so_far(&[closed.nominal]), now), Ok(Succession::Owed));
    let owes = SoFar { owed: vec![closed], ..so_far(&[closed.nominal]) };
    let step = paused.resume(&owes, at("2026-10-28T00:00:00Z")).expect("it can").expect("it does");
    assert_eq!((step.event.verb, step.event.after.state), (ScheduleVerb::Resumed, ScheduleState::Active));
    let next = only(step.clone());
    assert_eq!(next.occurrence.nominal, nominal("2026-11-02T09:00:00"), "the one that passed is skipped");
    assert_eq!(next.follows, Some(closed.task_id));
    assert_eq!(step.event.after.resume(&SoFar::default(), now), Ok(None));
}

#[test]
fn new_policies_leave_out_nothing_of_the_same_day() {
    let twice = schedule(draft("FREQ=DAILY;BYHOUR=9,18"));
    assert_eq!(twice.next.map(|next| next.nominal), Some(nominal("2026-10-19T18:00:00")));
    let placing = mesh_recurrence::Policies { weekend: Weekend::NextWeekday, ..mesh_recurrence::Policies::default() };
    let policies = ScheduleEdit::Policies(SchedulePolicies { placing, ..SchedulePolicies::default() });
    let open = first_of("FREQ=DAILY;BYHOUR=9,18");
    let so_far = SoFar { open: vec![open], ..so_far(&[twice.start]) };
    let step = twice.edit(vec![policies], &so_far, at("2026-10-19T05:00:00Z")).expect("it can").expect("it does");
    assert_eq!(step.event.after.next, twice.next);
}

#[test]
fn a_folded_count_counts_too() {
    let policies = SchedulePolicies { advance: Advance::FromCompletion, ..SchedulePolicies::default() };
    let refused = create(ScheduleDraft { policies, ..draft("RRULE:FREQ=DAILY;COU\r\n NT=3") }).expect_err("a refusal");
    assert_eq!(refused, ScheduleError::CountFromCompletion);
}

#[test]
fn an_ended_schedule_stays_ended() {
    let now = at("2026-10-20T00:00:00Z");
    let ended = schedule(draft("FREQ=WEEKLY")).end(now).expect("it can").expect("it does").event.after;
    assert_eq!((ended.end_time, ended.next), (Some(now), None));
    assert_eq!(ended.end(now), Ok(None));
    assert_eq!(ended.pause(now), Err(ScheduleError::Ended(ended.id)));
    assert_eq!(ended.resume(&SoFar::default(), now), Err(ScheduleError::Ended(ended.id)));
    let closed = closed("2026-10-19T09:00:00", "2026-10-20T00:00:00Z");
    assert_eq!(succeed(&ended, closed, &[closed.nominal]), None);
}

#[test]
fn weekends_move_the_occurrence_but_not_its_name() {
    let placing = mesh_recurrence::Policies { weekend: Weekend::NextWeekday, ..mesh_recurrence::Policies::default() };
    let policies = SchedulePolicies { placing, ..SchedulePolicies::default() };
    let monthly = schedule(ScheduleDraft { policies, ..draft("FREQ=MONTHLY;BYMONTHDAY=1") });
    let closed = closed("2026-10-19T09:00:00", "2026-10-20T00:00:00Z");
    let sunday = only(succeed(&monthly, closed, &[closed.nominal]).expect("something happens")).occurrence;
    assert_eq!((sunday.nominal, sunday.place.local), (nominal("2026-11-01T09:00:00"), nominal("2026-11-02T09:00:00")));
    assert_eq!(sunday.place.adjustments, [Adjustment::Weekend]);
}

#[test]
fn news_of_the_task_closes_its_occurrence_and_reopens_it() {
    let open = first_of("FREQ=WEEKLY");
    let heard = open.hear(&change(4, TaskStatus::Completed, "2026-10-20T00:00:00Z")).expect("it matters");
    assert_eq!(heard.owes, Some(closed("2026-10-19T09:00:00", "2026-10-20T00:00:00Z")));
    let done = Occurrence { successor_planned: true, ..heard.after };
    assert_eq!(done.state, OccurrenceState::Completed);
    let reopened = done.hear(&change(5, TaskStatus::Open, "2026-10-21T00:00:00Z")).expect("it matters");
    assert_eq!((reopened.after.state, reopened.after.close_time, reopened.owes), (OccurrenceState::Open, None, None));
    let again = reopened.after.hear(&change(6, TaskStatus::Completed, "2026-10-22T00:00:00Z")).expect("it matters");
    assert_eq!((again.after.state, again.owes), (OccurrenceState::Completed, None), "there is a successor already");
}

#[test]
fn older_news_owes_a_successor_but_does_not_change_the_state() {
    let open = first_of("FREQ=WEEKLY");
    let reopened = open.hear(&change(5, TaskStatus::Open, "2026-10-21T00:00:00Z")).expect("it matters").after;
    let late = reopened.hear(&change(4, TaskStatus::Completed, "2026-10-20T00:00:00Z")).expect("it matters");
    assert_eq!(late.after.state, OccurrenceState::Open);
    assert!(late.owes.is_some());
}

#[test]
fn what_happened_to_the_task_before_it_was_an_occurrence_means_nothing() {
    let open = first_of("FREQ=WEEKLY");
    assert_eq!(open.hear(&change(2, TaskStatus::Completed, "2026-09-30T00:00:00Z")), None);
    assert_eq!(open.hear(&change(3, TaskStatus::Open, "2026-10-01T00:00:00Z")), None);
}

#[test]
fn computed_occurrences_begin_after_those_that_are_planned_and_end_with_the_series() {
    let listed = |schedule: &Schedule, after: Option<&str>, now: &str| -> Vec<String> {
        let nominal = Some(schedule.start);
        let window = Window { nominal, after: after.map(at), before: None, taken: &[], limit: 3 };
        let found = schedule.computed(&window, schedule.planned_count, at(now)).expect("rules can be read");
        found.iter().map(|found| found.occurrence.nominal.date().to_string()).collect()
    };
    let weekly = schedule(draft("FREQ=WEEKLY"));
    assert_eq!(listed(&weekly, None, "2026-10-20T00:00:00Z"), ["2026-10-26", "2026-11-02", "2026-11-09"]);
    assert_eq!(listed(&weekly, None, "2026-10-28T00:00:00Z"), ["2026-11-02", "2026-11-09", "2026-11-16"]);
    let later = Some("2027-01-01T00:00:00Z");
    assert_eq!(listed(&weekly, later, "2026-10-20T00:00:00Z"), ["2027-01-04", "2027-01-11", "2027-01-18"]);
    let policies = SchedulePolicies { end: SeriesEnd::Count(3), ..SchedulePolicies::default() };
    let three = schedule(ScheduleDraft { policies, ..draft("FREQ=WEEKLY") });
    assert_eq!(listed(&three, None, "2026-10-20T00:00:00Z"), ["2026-10-26", "2026-11-02"]);
    let day = SeriesEnd::After(jiff::civil::date(2026, 11, 2));
    let policies = SchedulePolicies { end: day, ..SchedulePolicies::default() };
    let until = schedule(ScheduleDraft { policies, ..draft("FREQ=WEEKLY") });
    assert_eq!(listed(&until, None, "2026-10-20T00:00:00Z"), ["2026-10-26", "2026-11-02"]);
}
