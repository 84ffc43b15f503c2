//! What is planned gets done in the task service: the task of an occurrence is made, or told which occurrence it is.

use std::time::Duration;

use mesh_types::{ErrorKind, Fault};

use super::{App, Error};
use crate::{
    clients::{Member, occurrence_tasks},
    domain::{Occurrence, Schedule, ToDo},
    store::Errand,
};

/// For so long a claimed errand is this replica's: longer than one call may take.
const LEASE: Duration = Duration::from_secs(15);

/// How many are claimed at once.
const CLAIMED: u32 = 32;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

impl App {
    /// Claims errands that are due; empty when there are none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_errands(&self) -> Result<Vec<Errand>, Error> {
        let now = self.clock.now();
        Ok(self.background.claim_errands(now, now.plus(LEASE), CLAIMED).await?)
    }

    /// Does one errand, or puts it off if it cannot be done now.
    ///
    /// # Errors
    /// When the database fails; then it is tried again when the claim has run out.
    #[tracing::instrument(level = "debug", skip_all, fields(task.id = %errand.occurrence.task_id))]
    pub async fn run_errand(&self, errand: Errand) -> Result<(), Error> {
        let Errand { occurrence, schedule, attempts } = &errand;
        let done = match occurrence.to_do {
            Some(ToDo::Create) => self.create_task(schedule, occurrence).await,
            Some(ToDo::Link) => self.link_task(schedule, occurrence).await,
            Some(ToDo::Adopt) => self.adopt_task(schedule, occurrence).await,
            Some(ToDo::Cancel) => settled(self.tasks.cancel_task(member(schedule), occurrence.task_id).await),
            Some(ToDo::Delete) => settled(self.tasks.delete_task(member(schedule), occurrence.task_id).await),
            None => Ok(()),
        };
        let Err(fault) = done else {
            return Ok(self.background.finish_errand(&errand).await?);
        };
        let pause = pause(*attempts);
        tracing::warn!(
            error = %fault,
            schedule.id = %schedule.id,
            task.id = %occurrence.task_id,
            attempt.number = attempts,
            pause.seconds = pause.as_secs(),
            "the task of an occurrence cannot be written yet"
        );
        Ok(self.background.put_off_errand(&errand, self.clock.now().plus(pause)).await?)
    }

    /// Makes the task. One that is there already was made by an attempt whose answer was lost: the occurrence tells, for
    /// ever, so there is no request id. Where its list or its parent is gone, it is made without.
    async fn create_task(&self, schedule: &Schedule, occurrence: &Occurrence) -> Result<(), Fault> {
        let message = occurrence_tasks::message(schedule, occurrence);
        let Err(fault) = self.tasks.create_task(member(schedule), message.clone()).await else {
            return Ok(());
        };
        let places = message.list_id.is_some() || message.parent_id.is_some();
        match fault.kind {
            ErrorKind::AlreadyExists => Ok(()),
            _ if places && is_for_good(&fault) => {
                let alone = occurrence_tasks::without_places(message);
                match self.tasks.create_task(member(schedule), alone).await {
                    Err(fault) if fault.kind != ErrorKind::AlreadyExists => Err(fault),
                    _ => Ok(()),
                }
            }
            _ => Err(fault),
        }
    }

    /// Notes on the first task which occurrence it is. If it was deleted meanwhile there is nothing left to note.
    async fn link_task(&self, schedule: &Schedule, occurrence: &Occurrence) -> Result<(), Fault> {
        let message = occurrence_tasks::link(occurrence);
        settled(self.tasks.update_task(member(schedule), message, &occurrence_tasks::LINK_PATHS).await)
    }

    /// Writes a task of another schedule anew as an occurrence of this one. Where its list or its parent is gone, it stays
    /// where it is.
    async fn adopt_task(&self, schedule: &Schedule, occurrence: &Occurrence) -> Result<(), Fault> {
        let message = occurrence_tasks::adopted(schedule, occurrence);
        match self.tasks.update_task(member(schedule), message.clone(), &occurrence_tasks::ADOPT_PATHS).await {
            Err(fault) if is_for_good(&fault) => {
                let paths = occurrence_tasks::ADOPT_IN_PLACE_PATHS;
                settled(self.tasks.update_task(member(schedule), message, &paths).await)
            }
            done => settled(done),
        }
    }
}

/// Whether trying again the same way will not help.
fn is_for_good(fault: &Fault) -> bool {
    matches!(fault.kind, ErrorKind::NotFound | ErrorKind::InvalidArgument | ErrorKind::FailedPrecondition)
}

/// A task that is gone, or is so already, has nothing left to be done.
fn settled<T>(done: Result<T, Fault>) -> Result<(), Fault> {
    match done {
        Err(fault) if !matches!(fault.kind, ErrorKind::NotFound | ErrorKind::FailedPrecondition) => Err(fault),
        _ => Ok(()),
    }
}

/// Who the tasks of a schedule are made for.
fn member(schedule: &Schedule) -> Member {
    Member { user: schedule.created_by, workspace: schedule.workspace_id }
}

/// Doubles with every attempt.
fn pause(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or_default().min(16);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_ten_minutes() {
        let seconds: Vec<u64> = [1, 2, 5, 11, i32::MAX].iter().map(|&attempts| pause(attempts).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 16, 600, 600]);
    }
}
