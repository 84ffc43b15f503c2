//! Attempts to deliver: what came back, and what that means.

use std::time::Duration;

use mesh_types::Timestamp;
use serde::{Deserialize, Serialize};

use super::WebhookUrlError;

/// What came of a request to a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// When the attempt began.
    pub start_time: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// What the receiver said, or why it said nothing.
    pub result: Result<Response, Failure>,
}

/// What a receiver said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// How long it asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// Why a receiver said nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The time was over.
    #[error("the receiver did not answer in time")]
    TimedOut,
    /// Its name leads nowhere.
    #[error("the receiver's name cannot be resolved")]
    NameUnknown,
    /// There is nobody there.
    #[error("the receiver does not take connections")]
    ConnectionFailed,
    /// It is not who it should be, or speaks no TLS.
    #[error("the receiver has no valid TLS certificate for its name")]
    TlsFailed,
    /// It hung up, or does not speak HTTP.
    #[error("the receiver broke off, or did not answer in HTTP")]
    Broken,
    /// It is where no request may go.
    #[error("the receiver's address is not allowed: the URL {0}")]
    Blocked(WebhookUrlError),
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// The receiver took it.
    Delivered,
    /// It refused it for now, or asked to wait.
    Refused,
    /// It is gone for good.
    Rejected,
    /// It could not be reached in time.
    Unreachable,
    /// Its address is not allowed.
    Blocked,
}

impl AttemptOutcome {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Delivered, Self::Refused, Self::Rejected, Self::Unreachable, Self::Blocked];

    /// Its number in the contract.
    pub fn code(self) -> i32 {
        match self {
            Self::Delivered => 10,
            Self::Refused => 20,
            Self::Rejected => 30,
            Self::Unreachable => 40,
            Self::Blocked => 50,
        }
    }

    /// Its name in figures.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Unreachable => "unreachable",
            Self::Blocked => "blocked",
        }
    }

    /// The outcome with this number.
    pub fn coded(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

/// One try to deliver, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counts from 1.
    pub number: i32,
    /// When it began.
    pub start_time: Timestamp,
    /// How long it took, in microseconds.
    pub duration_us: i64,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// The HTTP status; 0 is none.
    pub status_code: u16,
    /// What went wrong, in plain English.
    pub error: String,
}

impl Answer {
    /// What it means.
    pub fn outcome(&self) -> AttemptOutcome {
        match self.result {
            Ok(Response { status: 200..=299, .. }) => AttemptOutcome::Delivered,
            Ok(Response { status: 410, .. }) => AttemptOutcome::Rejected,
            Ok(_) => AttemptOutcome::Refused,
            Err(Failure::Blocked(_)) => AttemptOutcome::Blocked,
            Err(_) => AttemptOutcome::Unreachable,
        }
    }

    /// How long the receiver asks to be left alone, when it is busy.
    pub fn wait(&self) -> Option<Duration> {
        match self.result {
            Ok(Response { status: 429 | 503, retry_after }) => retry_after,
            _ => None,
        }
    }

    /// The attempt as it is kept.
    pub fn attempt(&self, number: i32) -> Attempt {
        Attempt {
            number,
            start_time: self.start_time,
            duration_us: i64::try_from(self.duration.as_micros()).unwrap_or(i64::MAX),
            outcome: self.outcome(),
            status_code: self.result.map_or(0, |response| response.status),
            error: self.error(),
        }
    }

    fn error(&self) -> String {
        match self.result {
            Ok(Response { status: 200..=299, .. }) => String::new(),
            Ok(Response { status: 410, .. }) => "the receiver says that it is gone for good (410)".to_owned(),
            Ok(Response { status: status @ 300..=399, .. }) => {
                format!("the receiver answered with a redirect ({status}), which is not followed")
            }
            Ok(Response { status: status @ (429 | 503), .. }) => format!("the receiver is busy ({status})"),
            Ok(Response { status, .. }) => format!("the receiver answered with status {status}"),
            Err(failure) => failure.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16) -> Answer {
        let result = Ok(Response { status, retry_after: Some(Duration::from_secs(9)) });
        Answer { start_time: Timestamp::from_micros(0), duration: Duration::ZERO, result }
    }

    #[test]
    fn every_status_has_its_outcome() {
        use AttemptOutcome::{Delivered, Refused, Rejected};
        let table = [
            (200, Delivered),
            (204, Delivered),
            (299, Delivered),
            (301, Refused),
            (308, Refused),
            (400, Refused),
            (404, Refused),
            (410, Rejected),
            (429, Refused),
            (500, Refused),
            (503, Refused),
        ];
        for (status, outcome) in table {
            assert_eq!(answer(status).outcome(), outcome, "{status}");
            assert_eq!(answer(status).attempt(1).error.is_empty(), outcome == Delivered, "{status}");
        }
    }

    #[test]
    fn only_a_busy_receiver_is_asked_how_long() {
        let asked = |status| answer(status).wait().is_some();
        assert!(asked(429) && asked(503) && !asked(500) && !asked(200) && !asked(302));
    }
}
