//! The reminder and what its owner does to it. A method looks at the reminder as it is and returns what happens, if
//! anything; the store commits it. What its task does to it is in `follow.rs`.

use mesh_types::{Etag, TaskId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use super::{PersonDay, ReminderError, ReminderEvent, TaskRef, Timer, Verb};

/// Where the calendar begins and ends: with the years 1 and 9999. No other instants can be told.
pub(super) const FIRST_INSTANT: Timestamp = Timestamp::from_micros(-62_135_596_800_000_000);
pub(super) const LAST_INSTANT: Timestamp = Timestamp::from_micros(253_402_300_799_999_999);

/// A wish to be told of a task at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// Its id.
    pub id: Uuid,
    /// The workspace of its task.
    pub workspace_id: WorkspaceId,
    /// The task.
    pub task_id: TaskId,
    /// Who is reminded; nobody else sees it.
    pub user_id: UserId,
    /// When it was meant to fire.
    pub when: When,
    /// Fires again after so many microseconds.
    pub repeat_micros: Option<i64>,
    /// How often it fires at most when it repeats.
    pub repeat_limit: Option<i32>,
    /// The channels to tell it by, besides the inbox.
    pub channel_ids: Vec<Uuid>,
    /// Whether the task's next occurrence gets it, too.
    pub carry_over: Option<bool>,
    /// Where it stands.
    pub state: State,
    /// When it fires next.
    pub fire_time: Option<Timestamp>,
    /// When it fired last.
    pub last_fire_time: Option<Timestamp>,
    /// How often it has fired.
    pub fire_count: i32,
    /// Whether it last fired late.
    pub late: bool,
    /// Until when it is snoozed. Kept while it is deleted or its task is over, in case it or the task comes back.
    pub snooze_until: Option<Timestamp>,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// When it was deleted; set exactly while it is.
    pub delete_time: Option<Timestamp>,
    /// Counts its changes from 1, without a gap; firing is one of them. So it is its generation, too: a timer that was set
    /// for an older one fires nothing.
    pub version: i64,
    /// The instant that `when` meant when it was last worked out. Not told.
    pub base: Option<Timestamp>,
    /// How often it has fired since then. Not told.
    pub round: i32,
    /// How its person counts their days. Not told.
    pub day: PersonDay,
    /// The trace in which it fires: that of the call that made or last edited it. Not told.
    pub trace_parent: Option<String>,
}

/// When a reminder fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So many microseconds after the anchor; negative is before.
    Offset(i64, Anchor),
    /// At this instant, whatever becomes of the due.
    At(Timestamp),
}

/// What an offset is counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anchor {
    /// The task's due.
    #[default]
    Due,
    /// The task's start.
    Start,
}

/// Where a reminder stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It will fire.
    Scheduled,
    /// It will fire when snoozing ends.
    Snoozed,
    /// Its task has nothing to count from.
    Unanchored,
    /// It fired and will not fire again.
    Fired,
    /// The person does not want it any more.
    Dismissed,
    /// Its task is over.
    Withdrawn,
}

/// What a new reminder says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// When it fires.
    pub when: When,
    /// Fires again after so many microseconds.
    pub repeat_micros: Option<i64>,
    /// How often it fires at most when it repeats.
    pub repeat_limit: Option<i32>,
    /// The channels to tell it by.
    pub channel_ids: Vec<Uuid>,
    /// Whether the task's next occurrence gets it, too.
    pub carry_over: Option<bool>,
}

/// What a rule says to a change: what happens (`None`: it is so already, so nothing does), or why it cannot.
pub type Decision = Result<Option<ReminderEvent>, ReminderError>;

impl State {
    const CODES: [(i16, Self); 6] = [
        (10, Self::Scheduled),
        (20, Self::Snoozed),
        (30, Self::Unanchored),
        (40, Self::Fired),
        (50, Self::Dismissed),
        (60, Self::Withdrawn),
    ];

    /// The number it is stored as: that of the contract.
    pub fn code(self) -> i16 {
        Self::CODES.iter().find(|(_, state)| *state == self).map_or(10, |(code, _)| *code)
    }

    /// The state with this number.
    pub fn coded(code: i16) -> Option<Self> {
        Self::CODES.iter().find(|(known, _)| *known == code).map(|(_, state)| *state)
    }

    /// The name that people use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Snoozed => "SNOOZED",
            Self::Unanchored => "UNANCHORED",
            Self::Fired => "FIRED",
            Self::Dismissed => "DISMISSED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }
}

impl Anchor {
    /// The number it is stored as: that of the contract.
    pub fn code(self) -> i16 {
        match self {
            Self::Due => 10,
            Self::Start => 20,
        }
    }

    /// The anchor with this number.
    pub fn coded(code: i16) -> Option<Self> {
        [Self::Due, Self::Start].into_iter().find(|anchor| anchor.code() == code)
    }
}

impl When {
    /// The instant that is meant, as things stand with the task, by somebody who lives by `day`. Beyond the calendar's ends
    /// it is its end: nobody could be told of any other.
    pub(super) fn instant(self, task: &TaskRef, day: &PersonDay) -> Option<Timestamp> {
        let (micros, anchor) = match self {
            Self::At(instant) => return Some(instant),
            Self::Offset(micros, Anchor::Due) => (micros, task.due.as_ref()),
            Self::Offset(micros, Anchor::Start) => (micros, task.start.as_ref()),
        };
        let anchor = anchor?.reminder_instant(day);
        Some(Timestamp::from_micros(anchor.as_micros().saturating_add(micros)).clamp(FIRST_INSTANT, LAST_INSTANT))
    }
}

impl Reminder {
    /// How many reminders one person may have of one task.
    pub const PER_TASK: u64 = 100;
    /// How often a reminder that repeats fires, unless it says so.
    const REPEATS: i32 = 100;

    /// A new reminder of `task`, for `user`, who lives by `day`.
    ///
    /// # Errors
    /// When the task is over.
    pub fn create(
        id: Uuid,
        task: &TaskRef,
        (user, day): (UserId, PersonDay),
        draft: Draft,
        now: Timestamp,
    ) -> Result<ReminderEvent, ReminderError> {
        if task.is_over() {
            return Err(ReminderError::TaskOver(task.id));
        }
        let after = Self {
            id,
            workspace_id: task.workspace_id,
            task_id: task.id,
            user_id: user,
            when: draft.when,
            repeat_micros: draft.repeat_micros,
            repeat_limit: draft.repeat_limit,
            channel_ids: draft.channel_ids,
            carry_over: draft.carry_over,
            state: State::Unanchored,
            fire_time: None,
            last_fire_time: None,
            fire_count: 0,
            late: false,
            snooze_until: None,
            create_time: now,
            update_time: now,
            delete_time: None,
            version: 1,
            base: None,
            round: 0,
            day,
            trace_parent: None,
        };
        let base = after.when.instant(task, &after.day);
        Ok(ReminderEvent { verb: Verb::Created, before: None, after: after.based(base), firing: None })
    }

    /// Fires (again) at `until`.
    ///
    /// # Errors
    /// When it is deleted, dismissed, withdrawn, or has nothing to count from.
    pub fn snooze(&self, until: Timestamp, now: Timestamp) -> Decision {
        self.refuse_if_deleted()?;
        if !matches!(self.state, State::Scheduled | State::Snoozed | State::Fired) {
            return Err(ReminderError::StepRefused { from: self.state, to: State::Snoozed });
        }
        if self.state == State::Snoozed && self.snooze_until == Some(until) {
            return Ok(None);
        }
        let after = Self { state: State::Snoozed, snooze_until: Some(until), fire_time: Some(until), ..self.clone() };
        Ok(Some(self.event(after, Verb::Snoozed, now)))
    }

    /// Does not fire any more.
    ///
    /// # Errors
    /// When it is deleted.
    pub fn dismiss(&self, now: Timestamp) -> Decision {
        self.refuse_if_deleted()?;
        if self.state == State::Dismissed {
            return Ok(None);
        }
        let after = Self { state: State::Dismissed, fire_time: None, snooze_until: None, ..self.clone() };
        Ok(Some(self.event(after, Verb::Dismissed, now)))
    }

    /// Puts it into the bin. What was told of it counts no more; until when it was snoozed is kept, in case it comes back.
    ///
    /// # Errors
    /// None; the form is that of all changes.
    pub fn delete(&self, now: Timestamp) -> Decision {
        if self.delete_time.is_some() {
            return Ok(None);
        }
        let state = if self.state == State::Fired { State::Dismissed } else { self.state };
        let after = Self { state, fire_time: None, delete_time: Some(now), ..self.clone() };
        Ok(Some(self.event(after, Verb::Deleted, now)))
    }

    /// The timer that makes it fire, while there is one to set. A time that has passed is due at once, and counts from then.
    pub fn timer(&self) -> Option<Timer> {
        let due = self.fire_time.filter(|_| self.delete_time.is_none())?;
        Some(Timer { reminder_id: self.id, generation: self.version, due: due.max(self.update_time) })
    }

    /// How often it fires at most before something moves it.
    pub(super) fn fires_per_round(&self) -> i32 {
        self.repeat_micros.map_or(1, |_| self.repeat_limit.unwrap_or(Self::REPEATS))
    }

    /// Identifies this version of it.
    pub fn etag(&self) -> Etag {
        Etag::of(self.id, self.version)
    }

    /// Checks that the caller has read this version, if they said which one they have read.
    ///
    /// # Errors
    /// When they have read another one.
    pub fn matches(&self, etag: Option<&Etag>) -> Result<(), ReminderError> {
        match etag {
            Some(read) if *read != self.etag() => Err(ReminderError::EtagStale { id: self.id, current: self.etag() }),
            _ => Ok(()),
        }
    }

    pub(super) fn refuse_if_deleted(&self) -> Result<(), ReminderError> {
        self.delete_time.map_or(Ok(()), |_| Err(ReminderError::Deleted(self.id)))
    }

    /// The same, set to fire at this instant and at nothing else; without one, waiting for something to count from.
    pub(super) fn based(self, base: Option<Timestamp>) -> Self {
        let state = if base.is_some() { State::Scheduled } else { State::Unanchored };
        Self { state, base, fire_time: base, snooze_until: None, round: 0, ..self }
    }

    /// The event that makes `after` of this reminder.
    pub(super) fn event(&self, after: Self, verb: Verb, now: Timestamp) -> ReminderEvent {
        let (version, update_time) = (self.version + 1, self.update_time.max(now));
        let after = Self { version, update_time, ..after };
        ReminderEvent { verb, before: Some(self.clone()), after, firing: None }
    }
}
