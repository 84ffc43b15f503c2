//! What is known here of a task, which task-svc owns.

use mesh_types::{TaskId, Timestamp, WorkspaceId};

use super::{Cause, PlannedTime};

/// The newest state of a task that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRef {
    /// The task.
    pub id: TaskId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// The epoch of task-svc that the version is counted in; 0 when the task was read by a call, which does not tell.
    pub epoch: i64,
    /// The task's version.
    pub version: i64,
    /// What it is called.
    pub title: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// Whether it is in the bin.
    pub deleted: bool,
    /// When work on it begins.
    pub start: Option<PlannedTime>,
    /// When it is to be done.
    pub due: Option<PlannedTime>,
}

/// Where a task stands, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskStatus {
    /// There is something to do.
    Open,
    /// Done.
    Completed,
    /// Will not be done.
    Cancelled,
}

/// A task changed.
#[derive(Clone, Debug)]
pub struct TaskChange {
    /// The task after it.
    pub task: TaskRef,
    /// Whether it was over before, and is open now.
    pub opens: bool,
    /// Who changed it.
    pub cause: Cause,
    /// When.
    pub time: Timestamp,
}

impl TaskStatus {
    const CODES: [(i16, Self); 3] = [(10, Self::Open), (30, Self::Completed), (40, Self::Cancelled)];

    /// The number it is stored as: that of the contract.
    pub fn code(self) -> i16 {
        Self::CODES.iter().find(|(_, status)| *status == self).map_or(10, |(code, _)| *code)
    }

    /// The status with this number of the contract's; open ones are alike here.
    pub fn coded(code: i16) -> Option<Self> {
        match code {
            10 | 20 => Some(Self::Open),
            code => Self::CODES.iter().find(|(known, _)| *known == code).map(|(_, status)| *status),
        }
    }
}

impl TaskRef {
    /// Whether there is nothing left to do: it is completed, cancelled or deleted.
    pub fn is_over(&self) -> bool {
        self.deleted || self.status != TaskStatus::Open
    }

    /// What is known once `seen` was seen, too: the newer of the two. A call tells no epoch: what it read is taken to be of
    /// the epoch that is known, and the other way round.
    #[must_use]
    pub fn or_newer(self, seen: Self) -> Self {
        let epoch = if seen.epoch == 0 { self.epoch } else { seen.epoch };
        let known_epoch = if self.epoch == 0 { epoch } else { self.epoch };
        if (known_epoch, self.version) > (epoch, seen.version) {
            return self;
        }
        Self { epoch, ..seen }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn task(epoch: i64, version: i64) -> TaskRef {
        TaskRef {
            id: TaskId(Uuid::nil()),
            workspace_id: WorkspaceId(Uuid::nil()),
            epoch,
            version,
            title: String::new(),
            status: TaskStatus::Open,
            deleted: false,
            start: None,
            due: None,
        }
    }

    #[test]
    fn the_newer_state_stays_known() {
        let cases = [
            ((1, 5), (1, 6), (1, 6)),
            ((1, 6), (1, 5), (1, 6)),
            ((1, 9), (2, 3), (2, 3)),
            ((2, 3), (1, 9), (2, 3)),
            // Read by a call: the epoch is not known.
            ((1, 5), (0, 6), (1, 6)),
            ((1, 6), (0, 5), (1, 6)),
            ((0, 5), (1, 3), (0, 5)),
            ((0, 5), (1, 5), (1, 5)),
            ((0, 0), (1, 1), (1, 1)),
        ];
        for (known, seen, newest) in cases {
            let kept = task(known.0, known.1).or_newer(task(seen.0, seen.1));
            assert_eq!((kept.epoch, kept.version), newest, "{known:?} then {seen:?}");
        }
    }
}
