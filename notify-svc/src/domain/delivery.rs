//! The delivery of a notification to a channel, and what becomes of it. A method looks at it as it is and returns what
//! happens, if anything; the store commits it.

use std::time::Duration;

use mesh_types::{Actor, Etag, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use super::{
    Answer, Attempt, AttemptOutcome, Cause, DeliveryEvent, DeliveryVerb, Notification, NotificationId, NotifyError,
    RetrySchedule,
};

/// A notification on its way to a channel. There is one at most for each pair of them, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id; the same in every attempt.
    pub id: Uuid,
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The person it is for.
    pub user_id: UserId,
    /// What is told.
    pub notification_id: NotificationId,
    /// Where it is told.
    pub channel_id: Uuid,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it is tried next; set exactly while it waits.
    pub next_attempt_time: Option<Timestamp>,
    /// How often it was tried.
    pub attempt_count: i32,
    /// How often in a row it failed since it was planned, or retried by hand.
    pub failures: u32,
    /// The last attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// When it was delivered.
    pub deliver_time: Option<Timestamp>,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// Counts its changes from 1, without a gap.
    pub version: i64,
    /// Whose doing caused it.
    pub created_by: UserId,
    /// The trace in which it is sent: that of what led to it. Not told.
    pub trace_parent: Option<String>,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It is sent as soon as possible.
    Pending,
    /// An attempt failed; the next one follows.
    Retrying,
    /// It arrived.
    Delivered,
    /// It was not needed any more.
    Cancelled,
    /// Every attempt failed.
    Dead,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Retrying, Self::Delivered, Self::Cancelled, Self::Dead];

    /// Its number in the contract and in the database.
    pub fn code(self) -> i16 {
        match self {
            Self::Pending => 10,
            Self::Retrying => 30,
            Self::Delivered => 40,
            Self::Cancelled => 50,
            Self::Dead => 60,
        }
    }

    /// The state with this number.
    pub fn coded(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Its name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Retrying => "retrying",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Dead => "dead",
        }
    }

    /// Whether it is still to be sent.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Pending | Self::Retrying)
    }
}

/// How many attempts are kept.
const ATTEMPTS_KEPT: usize = 20;

/// The longest that a receiver is left alone because it asks for it.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

impl Delivery {
    /// Tells `notification` to a channel, too, as soon as possible.
    pub fn plan(
        id: Uuid,
        notification: &Notification,
        channel_id: Uuid,
        cause: Cause,
        now: Timestamp,
    ) -> DeliveryEvent {
        let after = Self {
            id,
            workspace_id: notification.workspace_id,
            user_id: notification.user_id,
            notification_id: notification.id,
            channel_id,
            state: DeliveryState::Pending,
            next_attempt_time: Some(now),
            attempt_count: 0,
            failures: 0,
            attempts: Vec::new(),
            deliver_time: None,
            create_time: now,
            update_time: now,
            version: 1,
            created_by: notification.created_by,
            trace_parent: cause.trace_parent.clone(),
        };
        DeliveryEvent { verb: DeliveryVerb::Created, before: None, after, cause }
    }

    /// It is not needed any more. One that is on its way right now may arrive all the same.
    pub fn cancel(&self, cause: Cause, now: Timestamp) -> Option<DeliveryEvent> {
        let after = Self { state: DeliveryState::Cancelled, next_attempt_time: None, ..self.clone() };
        self.state.is_waiting().then(|| self.event(after, DeliveryVerb::Cancelled, cause, now))
    }

    /// It was tried. What has been settled meanwhile stays as it is, but that what arrived has arrived.
    pub fn attempted(&self, answer: &Answer, schedule: &RetrySchedule, cause: Cause, now: Timestamp) -> DeliveryEvent {
        let number = self.attempt_count.saturating_add(1);
        let mut attempts = self.attempts.clone();
        attempts.push(answer.attempt(number));
        attempts.drain(..attempts.len().saturating_sub(ATTEMPTS_KEPT));
        let tried = Self { attempt_count: number, attempts, ..self.clone() };
        let (verb, after) = match answer.outcome() {
            AttemptOutcome::Delivered => (DeliveryVerb::Delivered, tried.arrived(now)),
            _ if !self.state.is_waiting() => (DeliveryVerb::Failed, tried),
            AttemptOutcome::Rejected => (DeliveryVerb::Failed, tried.dead()),
            _ => (DeliveryVerb::Failed, tried.failed(answer, schedule, now)),
        };
        self.event(after, verb, cause, now)
    }

    /// Tries it again, now, and by the whole schedule if that fails. One that is delivered, or is due anyway, stays as it
    /// is. `wanted` is whether its notification still holds and its channel takes deliveries.
    ///
    /// # Errors
    /// When it is not wanted any more.
    pub fn retry(&self, wanted: bool, cause: Cause, now: Timestamp) -> Result<Option<DeliveryEvent>, NotifyError> {
        let due = self.state == DeliveryState::Pending && self.next_attempt_time.is_some_and(|next| next <= now);
        if self.state == DeliveryState::Delivered || due {
            return Ok(None);
        }
        if !wanted {
            return Err(NotifyError::DeliveryVoid { id: self.id });
        }
        let after = Self { state: DeliveryState::Pending, next_attempt_time: Some(now), failures: 0, ..self.clone() };
        Ok(Some(self.event(after, DeliveryVerb::Retried, cause, now)))
    }

    /// Identifies this version of it.
    pub fn etag(&self) -> Etag {
        Etag::of(self.id, self.version)
    }

    /// Checks that the caller has read this version, if they said which one they have read.
    ///
    /// # Errors
    /// When they have read another one.
    pub fn matches(&self, etag: Option<&Etag>) -> Result<(), NotifyError> {
        match etag {
            Some(read) if *read != self.etag() => {
                Err(NotifyError::EtagStale { kind: "delivery", id: self.id, current: self.etag() })
            }
            _ => Ok(()),
        }
    }

    /// Why the service itself changes it: for the person whose doing caused it.
    pub fn own_cause(&self, service: &str) -> Cause {
        let actor = Actor {
            user_id: self.created_by,
            service: Some(service.to_owned()),
            token_id: None,
            client_address: None,
            user_agent: None,
        };
        Cause { actor, trace_parent: self.trace_parent.clone() }
    }

    /// About how many bytes it takes to tell it.
    pub fn weight(&self) -> usize {
        512 + self.attempts.iter().map(|attempt| attempt.error.len() + 64).sum::<usize>()
    }

    fn arrived(self, now: Timestamp) -> Self {
        let deliver_time = self.deliver_time.or(Some(now));
        Self { state: DeliveryState::Delivered, next_attempt_time: None, failures: 0, deliver_time, ..self }
    }

    fn dead(self) -> Self {
        Self { state: DeliveryState::Dead, next_attempt_time: None, ..self }
    }

    fn failed(self, answer: &Answer, schedule: &RetrySchedule, now: Timestamp) -> Self {
        let failures = self.failures.saturating_add(1);
        let tried = Self { failures, ..self };
        let Some(pause) = schedule.pause(failures, tried.id) else { return tried.dead() };
        let pause = pause.max(answer.wait().unwrap_or_default().min(LONGEST_WAIT));
        Self { state: DeliveryState::Retrying, next_attempt_time: Some(now.plus(pause)), ..tried }
    }

    fn event(&self, after: Self, verb: DeliveryVerb, cause: Cause, now: Timestamp) -> DeliveryEvent {
        let (version, update_time) = (self.version + 1, self.update_time.max(now));
        DeliveryEvent { verb, before: Some(self.clone()), after: Self { version, update_time, ..after }, cause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Failure, Response};

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);

    fn waiting() -> Delivery {
        let id = Uuid::from_u128(7);
        Delivery {
            id,
            workspace_id: WorkspaceId(id),
            user_id: UserId(id),
            notification_id: NotificationId(id),
            channel_id: id,
            state: DeliveryState::Pending,
            next_attempt_time: Some(NOW),
            attempt_count: 0,
            failures: 0,
            attempts: Vec::new(),
            deliver_time: None,
            create_time: NOW,
            update_time: NOW,
            version: 1,
            created_by: UserId(id),
            trace_parent: None,
        }
    }

    fn after(delivery: &Delivery, result: Result<Response, Failure>) -> Delivery {
        let answer = Answer { start_time: NOW, duration: Duration::ZERO, result };
        let schedule = RetrySchedule::new(vec![Duration::from_secs(1); 30], 0);
        delivery.attempted(&answer, &schedule, delivery.own_cause("notify-svc"), NOW).after
    }

    fn status(status: u16) -> Result<Response, Failure> {
        Ok(Response { status, retry_after: None })
    }

    #[test]
    fn what_was_cancelled_while_it_was_under_way_may_have_arrived() {
        let cancelled = waiting().cancel(waiting().own_cause("notify-svc"), NOW).expect("it waits").after;
        let arrived = after(&cancelled, status(200));
        assert_eq!((arrived.state, arrived.deliver_time, arrived.version), (DeliveryState::Delivered, Some(NOW), 3));
        for failed in [after(&cancelled, status(500)), after(&cancelled, Err(Failure::TimedOut))] {
            assert_eq!((failed.state, failed.next_attempt_time), (DeliveryState::Cancelled, None));
            assert_eq!(failed.attempts.len(), 1);
        }
    }

    #[test]
    fn what_has_arrived_stays_so_whatever_a_late_attempt_says() {
        let arrived = after(&waiting(), status(200));
        let late = after(&arrived, Err(Failure::Broken));
        assert_eq!((late.state, late.deliver_time, late.attempt_count), (DeliveryState::Delivered, Some(NOW), 2));
        assert_eq!(arrived.cancel(arrived.own_cause("notify-svc"), NOW), None);
    }

    #[test]
    fn the_last_twenty_attempts_are_kept() {
        let tried = (0..25).fold(waiting(), |delivery, _| after(&delivery, status(500)));
        let numbers: Vec<_> = tried.attempts.iter().map(|attempt| attempt.number).collect();
        assert_eq!((tried.attempt_count, numbers), (25, (6..=25).collect()));
    }

    #[test]
    fn what_is_not_wanted_any_more_is_not_tried_again() {
        let dead = after(&waiting(), status(410));
        assert_eq!(dead.state, DeliveryState::Dead);
        let cause = || dead.own_cause("notify-svc");
        assert_eq!(dead.retry(false, cause(), NOW), Err(NotifyError::DeliveryVoid { id: dead.id }));
        let revived = dead.retry(true, cause(), NOW).expect("wanted").expect("it was dead").after;
        assert_eq!((revived.state, revived.failures, revived.attempt_count), (DeliveryState::Pending, 0, 1));
        assert_eq!(waiting().retry(false, cause(), NOW), Ok(None));
    }
}
