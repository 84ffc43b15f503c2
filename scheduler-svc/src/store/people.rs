//! What is known of people, and how their reminders follow them.
//!
//! The consumer only notes what an event tells of a person; their reminders follow after that, batch by batch, each batch
//! a transaction. Rows are locked in this order: the person, what is known of tasks, reminders. A reminder that is made
//! locks its person's row, too, so that either it knows what was noted or the batches find it.

use std::collections::HashMap;

use mesh_store::{Sql, StoreError, Transaction};
use mesh_types::{Caller, Timestamp, UserId};
use sea_orm::QueryResult;
use uuid::Uuid;

use super::{Error, Store, reminders, task_refs};
use crate::domain::{Cause, Person, PersonDay, ReminderEvent, TaskRef};

/// The reminders of how many tasks follow in one transaction.
const BATCH: i64 = 100;

/// What came of one batch.
#[derive(Clone, Copy, Debug)]
pub struct Followed {
    /// Whether there may be more.
    pub more: bool,
    /// How many reminders moved.
    pub moved: usize,
}

/// An event that is older than what is known, or comes again, changes nothing.
const NOTE: Sql = Sql::both(
    "INSERT INTO person (user_id, epoch, version, zone, day_start, to_follow) VALUES ($1, $2, $3, $4, $5, true)
     ON CONFLICT (user_id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, zone = excluded.zone,
         day_start = excluded.day_start, to_follow = true
     WHERE (excluded.epoch, excluded.version) > (person.epoch, person.version)",
);

const EXPECT: Sql = Sql::both("INSERT INTO person (user_id) VALUES ($1) ON CONFLICT DO NOTHING");

const KNOWN: Sql = Sql {
    postgres: "SELECT version, zone, day_start FROM person WHERE user_id = $1 FOR SHARE",
    sqlite: "SELECT version, zone, day_start FROM person WHERE user_id = $1",
};

const TO_FOLLOW: Sql = Sql::both("SELECT user_id FROM person WHERE to_follow ORDER BY user_id LIMIT $1");

const LOCK: Sql = Sql {
    postgres: "SELECT zone, day_start FROM person WHERE user_id = $1 AND to_follow FOR UPDATE",
    sqlite: "SELECT zone, day_start FROM person WHERE user_id = $1 AND to_follow",
};

const BEHIND: Sql = Sql::both(
    "SELECT DISTINCT task_id FROM reminder
     WHERE user_id = $1 AND offset_us IS NOT NULL
         AND (zone IS DISTINCT FROM $2 OR day_start IS DISTINCT FROM $3)
     ORDER BY task_id LIMIT $4",
);

const ALL_FOLLOWED: Sql = Sql::both("UPDATE person SET to_follow = false WHERE user_id = $1");

impl Store {
    /// Notes what events tell of people, in the consumer's transaction. Returns whether anything of that was news.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_people(&self, transaction: &Transaction, people: &[Person]) -> Result<bool, Error> {
        let mut people: Vec<&Person> = people.iter().collect();
        people.sort_by_key(|person| person.id.0);
        let mut news = 0;
        for person in people {
            let PersonDay { zone, start } = person.day.clone();
            let (epoch, version) = (person.epoch.into(), person.version.into());
            news += NOTE.run(transaction, [person.id.0.into(), epoch, version, zone.into(), start.into()]).await?;
        }
        Ok(news > 0)
    }

    /// Some of those whose reminders are to follow them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn people_to_follow(&self, limit: u32) -> Result<Vec<UserId>, Error> {
        let rows = TO_FOLLOW.all(self.database.reader(), [i64::from(limit).into()]).await?;
        Ok(rows.iter().map(|row| Ok(UserId(row.try_get("", "user_id")?))).collect::<Result<_, StoreError>>()?)
    }

    /// Lets one batch of a person's reminders follow them.
    ///
    /// # Errors
    /// What the database says; nothing has changed then.
    pub async fn follow_person(&self, user: UserId, now: Timestamp) -> Result<Followed, Error> {
        let transaction = self.database.begin().await?;
        let followed = self.follow_batch(&transaction, user, now).await?;
        mesh_store::commit(transaction).await?;
        if followed.moved > 0 {
            self.log.committed();
        }
        Ok(followed)
    }

    async fn follow_batch(&self, transaction: &Transaction, user: UserId, now: Timestamp) -> Result<Followed, Error> {
        let Some(row) = LOCK.one(transaction, [user.0.into()]).await? else {
            return Ok(Followed { more: false, moved: 0 });
        };
        let day = day(&row)?;
        let behind = behind(transaction, user, &day).await?;
        if behind.is_empty() {
            ALL_FOLLOWED.run(transaction, [user.0.into()]).await?;
            return Ok(Followed { more: false, moved: 0 });
        }
        let tasks = task_refs::lock_all(transaction, &behind).await?;
        let tasks: HashMap<Uuid, TaskRef> = tasks.into_iter().map(|task| (task.id.0, task)).collect();
        let (mut followed, mut events): (_, Vec<ReminderEvent>) = (Vec::new(), Vec::new());
        for reminder in reminders::lock_of_person(transaction, user, &behind).await? {
            let task = tasks.get(&reminder.task_id.0).ok_or_else(|| StoreError::corrupt("task_ref"))?;
            let (after, event) = reminder.follow_person(task, &day, now);
            followed.push(after);
            events.extend(event);
        }
        reminders::recount(transaction, &followed, &day).await?;
        self.change_all(transaction, &events, now, |event| Cause::acting_for(event.after.user_id)).await?;
        Ok(Followed { more: true, moved: events.len() })
    }
}

/// How the caller counts their days: as the newest event of their account told, for a token may be older; else as the
/// token says. What is known stays so until the transaction ends.
pub(super) async fn day_of(transaction: &Transaction, caller: &Caller) -> Result<PersonDay, StoreError> {
    let user = caller.actor.user_id.0;
    let mut known = KNOWN.one(transaction, [user.into()]).await?;
    if known.is_none() {
        EXPECT.run(transaction, [user.into()]).await?;
        known = KNOWN.one(transaction, [user.into()]).await?;
    }
    let row = known.ok_or_else(|| StoreError::corrupt("person"))?;
    let version: i64 = row.try_get("", "version")?;
    if version == 0 { Ok(PersonDay::of_caller(caller)) } else { day(&row) }
}

/// The tasks of some reminders that do not know yet how their person counts their days.
async fn behind(transaction: &Transaction, user: UserId, day: &PersonDay) -> Result<Vec<Uuid>, StoreError> {
    let PersonDay { zone, start } = day.clone();
    let rows = BEHIND.all(transaction, [user.0.into(), zone.into(), start.into(), BATCH.into()]).await?;
    rows.iter().map(|row| Ok(row.try_get("", "task_id")?)).collect()
}

fn day(row: &QueryResult) -> Result<PersonDay, StoreError> {
    Ok(PersonDay { zone: row.try_get("", "zone")?, start: row.try_get("", "day_start")? })
}
