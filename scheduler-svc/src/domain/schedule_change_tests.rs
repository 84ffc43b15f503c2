//! What becomes of occurrences when schedules are changed or split, without a database.

use mesh_recurrence::{Nominal, Weekend};
use uuid::Uuid;

use super::{
    schedule_tests::{at, change, draft, first_of, nominal, only, schedule, so_far},
    *,
};

const NOW: &str = "2026-10-19T05:00:00Z";

/// Every third day from Monday the 19th on: the 25th is a Sunday, the 31st a Saturday.
fn every_third_day(weekend: Weekend) -> Schedule {
    schedule(ScheduleDraft { policies: weekends(weekend), ..draft("FREQ=DAILY;INTERVAL=3") })
}

fn weekends(weekend: Weekend) -> SchedulePolicies {
    let placing = mesh_recurrence::Policies { weekend, ..mesh_recurrence::Policies::default() };
    SchedulePolicies { placing, ..SchedulePolicies::default() }
}

fn morning(day: i8) -> Nominal {
    Nominal::Local(jiff::civil::date(2026, 10, day).at(9, 0, 0, 0))
}

/// Open ones, whose tasks are there.
fn open(days: &[i8]) -> SoFar {
    let of = |day: &i8| {
        let nominal = morning(*day);
        Occurrence {
            nominal,
            task_id: mesh_types::TaskId(Uuid::from_u128(*day as u128)),
            to_do: None,
            ..first_of("FREQ=DAILY")
        }
    };
    let taken: Vec<Nominal> = days.iter().copied().map(morning).collect();
    SoFar { open: days.iter().map(of).collect(), ..so_far(&taken) }
}

fn split(schedule: &Schedule, day: i8, edits: Vec<ScheduleEdit>, so_far: &SoFar) -> Split {
    let cut = Cut { at: Some(morning(day)), edits, id: Uuid::from_u128(8) };
    let known = so_far.open.iter().find(|open| open.nominal == morning(day));
    schedule.split(cut, known, so_far, at(NOW)).expect("it can be split")
}

/// The days and places of what a step plans, and the days of what it notes.
fn days(step: &ScheduleStep) -> (Vec<(i8, i8)>, Vec<i8>) {
    let planned = step.planned.iter().map(|planned| &planned.occurrence);
    let planned = planned.map(|one| (one.nominal.date().day(), one.place.local.date().day()));
    (planned.collect(), step.noted.iter().map(|one| one.nominal.date().day()).collect())
}

#[test]
fn one_that_is_moved_to_friday_can_be_skipped_and_split_at() {
    let schedule = every_third_day(Weekend::PreviousWeekday);
    let step = schedule.skip(Some(morning(25)), None, &open(&[19]), at(NOW)).expect("it can").expect("it does");
    assert_eq!(days(&step), (vec![], vec![25]));
    assert_eq!(days(&split(&schedule, 25, vec![], &open(&[19])).created).0, [(25, 23)]);
}

#[test]
fn a_change_leaves_out_nothing_that_is_moved_to_friday() {
    let schedule = every_third_day(Weekend::PreviousWeekday);
    let planned = open(&[22]);
    let schedule = Schedule { next: schedule.upcoming(&planned, at(NOW)).expect("it is known"), ..schedule };
    assert_eq!(schedule.next.map(|next| next.nominal), Some(morning(25)));
    let all = ScheduleEdit::Policies(SchedulePolicies { missed: Missed::CreateAll, ..schedule.policies });
    let step = schedule.edit(vec![all], &planned, at(NOW)).expect("it can").expect("it does");
    assert_eq!(step.event.after.next, schedule.next);
}

#[test]
fn a_series_that_goes_on_from_a_weekend_moves_that_too() {
    let daily = schedule(draft("FREQ=DAILY"));
    let weekdays = ScheduleEdit::Policies(weekends(Weekend::NextWeekday));
    let created = split(&daily, 24, vec![weekdays], &open(&[24, 25])).created;
    assert_eq!(days(&created).0, [(24, 26), (27, 27)], "the 24th, a Saturday, is what there is on Monday");
}

#[test]
fn what_is_over_or_left_out_does_not_come_again_after_a_split() {
    let policies = SchedulePolicies { generation: Generation::Ahead(3), ..SchedulePolicies::default() };
    let daily = schedule(ScheduleDraft { policies, ..draft("FREQ=DAILY") });
    // The 21st is done, the 24th is left out.
    let mut so_far = open(&[20, 22, 23]);
    so_far.taken = [20, 21, 22, 23, 24].map(morning).into();
    let created = split(&daily, 20, vec![], &so_far).created;
    assert_eq!(days(&created), (vec![(20, 20), (22, 22), (23, 23)], vec![21, 24]));
    assert_eq!(created.event.after.next.map(|next| next.nominal), Some(morning(25)));
    let evening = ScheduleEdit::Start(nominal("2026-10-20T18:00:00"));
    let created = split(&daily, 20, vec![evening], &so_far).created;
    assert_eq!(days(&created), (vec![(20, 20), (21, 21), (22, 22)], vec![]), "none of these is what was done");
}

#[test]
fn what_is_skipped_stays_so_until_somebody_opens_its_task_again() {
    let open = first_of("FREQ=DAILY");
    let so_far = SoFar { open: vec![open.clone()], ..so_far(&[open.nominal]) };
    let daily = schedule(draft("FREQ=DAILY"));
    let step = daily.skip(None, None, &so_far, at("2026-10-19T05:00:00Z")).expect("it can").expect("it does");
    let skipped = step.rewritten.into_iter().next().expect("it is skipped");
    assert_eq!((skipped.state, skipped.to_do), (OccurrenceState::Skipped, Some(ToDo::Cancel)));
    // It was just being linked.
    let linked = skipped.hear(&change(4, TaskStatus::Open, "2026-10-19T05:00:01Z")).expect("it matters").after;
    assert_eq!((linked.state, linked.to_do), (OccurrenceState::Skipped, Some(ToDo::Cancel)));
    let done = Occurrence { to_do: None, ..linked };
    let cancelled = done.hear(&change(5, TaskStatus::Cancelled, "2026-10-19T05:00:02Z")).expect("it matters").after;
    assert_eq!((cancelled.state, cancelled.to_do), (OccurrenceState::Skipped, None));
    let reopened = TaskChange { opens: true, ..change(6, TaskStatus::Open, "2026-10-19T06:00:00Z") };
    assert_eq!(cancelled.hear(&reopened).expect("it matters").after.state, OccurrenceState::Open);
    let undone = Occurrence { to_do: Some(ToDo::Cancel), ..cancelled };
    let opened = undone.hear(&reopened).expect("it matters").after;
    assert_eq!((opened.state, opened.to_do), (OccurrenceState::Open, None), "it is not to be cancelled once more");
}

#[test]
fn a_task_that_is_made_too_late_is_closed_all_the_same() {
    let planned = only(of_a_template()).occurrence;
    assert_eq!((planned.state, planned.newest), (OccurrenceState::Planned, (0, 0)));
    for (state, to_do) in [
        (OccurrenceState::Skipped, ToDo::Cancel),
        (OccurrenceState::Cancelled, ToDo::Cancel),
        (OccurrenceState::Deleted, ToDo::Delete),
    ] {
        let closed = Occurrence { state, close_time: Some(at(NOW)), to_do: None, ..planned.clone() };
        assert!(!closed.has_task(), "{state:?}");
        let made = closed.hear(&change(1, TaskStatus::Open, "2026-10-19T05:00:01Z")).expect("it matters").after;
        assert_eq!((made.state, made.to_do), (state, Some(to_do)));
        // Its title was changed meanwhile.
        let still = made.hear(&change(2, TaskStatus::Open, "2026-10-19T05:00:02Z")).expect("it matters").after;
        assert_eq!((still.state, still.to_do), (state, Some(to_do)));
        let over = change(3, TaskStatus::Cancelled, "2026-10-19T05:00:03Z");
        let deleted = TaskRef { deleted: to_do == ToDo::Delete, ..over.task.clone() };
        let heard = still.hear(&TaskChange { task: deleted, ..over }).expect("it matters").after;
        assert_eq!((heard.state, heard.to_do), (state, None));
    }
}

fn of_a_template() -> ScheduleStep {
    let beginning = Beginning {
        id: Uuid::from_u128(7),
        workspace_id: mesh_types::WorkspaceId(Uuid::from_u128(2)),
        created_by: mesh_types::UserId(Uuid::from_u128(3)),
        caller_zone: Some("UTC"),
        now: at("2026-10-01T00:00:00Z"),
    };
    let draft = ScheduleDraft { task_id: None, start: Some(morning(19)), ..draft("FREQ=DAILY") };
    let template = Template { title: "feed the cat".to_owned(), ..Template::default() };
    Schedule::create_from_template(draft, template, &beginning).expect("it can be created")
}
