//! Dead letters: what a consumer could not apply, kept in its own database with the reason.
//!
//! A letter is first `retrying`: the consumer tries it again by itself with growing pauses while the bus goes on with other
//! events. When that has not helped it is `parked`, until an operator replays it. The event stands in the inbox from the
//! moment it became a letter, so it is applied through its letter and in no other way.

mod letter;

use std::time::Duration;

use mesh_store::{Database, Sql, StoreError, Transaction};
use mesh_types::Timestamp;
use sea_orm::{QueryResult, Value};
use uuid::Uuid;

pub use self::letter::Letter;

/// The pauses between attempts; a letter that fails after the last one is parked.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
];

/// Longer reasons are cut to this many bytes.
const LONGEST_REASON: usize = 2_000;

/// Whether a letter is still tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is tried again by itself.
    Retrying,
    /// It waits for an operator.
    Parked,
}

/// Something that a consumer could not apply.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// Whose it is.
    pub consumer: String,
    /// What it is.
    pub letter: Letter,
    /// Whether it is still tried.
    pub state: State,
    /// How often it has failed since it arrived or was replayed.
    pub attempts: i32,
    /// When it is tried next, if it is.
    pub next_attempt: Timestamp,
    /// When it failed last.
    pub failed: Timestamp,
    /// Why it failed last.
    pub reason: String,
}

macro_rules! columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " consumer, event_id, state, attempts, next_attempt_us, failed_us, reason, letter, payload ",
            $after
        )
    };
}

/// The letters of a consumer, the oldest event first, after the one with id `after` if given.
///
/// # Errors
/// What the database says.
pub async fn list(
    database: &Database,
    consumer: &str,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<DeadLetter>, StoreError> {
    const LIST: Sql = Sql::both(columns!(
        "SELECT",
        "FROM dead_letter WHERE consumer = $1 AND event_id > $2 ORDER BY event_id LIMIT $3"
    ));
    let after = after.unwrap_or_default();
    let rows = LIST.all(database.reader(), [consumer.into(), after.into(), i64::from(limit).into()]).await?;
    rows.iter().map(read).collect()
}

/// Has a letter tried again at once, with all its attempts. Returns whether there is one. The consumer takes it up within
/// a second; when the event had been applied meanwhile by other means, its effect's own key makes this harmless.
///
/// # Errors
/// What the database says.
pub async fn replay(database: &Database, consumer: &str, event_id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
    const REPLAY: Sql = Sql::both(
        "UPDATE dead_letter SET state = 'retrying', attempts = 0, next_attempt_us = $3
         WHERE consumer = $1 AND event_id = $2",
    );
    let values = [consumer.into(), event_id.into(), now.as_micros().into()];
    Ok(REPLAY.run(database.writer(), values).await? > 0)
}

/// Keeps what failed for the first time. A letter that is there already stays as it is.
pub(crate) async fn keep(
    transaction: &Transaction,
    consumer: &str,
    letter: &Letter,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    const KEEP: Sql = Sql::both(
        "INSERT INTO dead_letter
             (consumer, event_id, state, attempts, next_attempt_us, failed_us, reason, letter, payload)
         VALUES ($1, $2, 'retrying', 1, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    );
    let (text, payload) = letter.write()?;
    let values: [Value; 7] = [
        consumer.into(),
        letter.id().into(),
        now.plus(PAUSES[0]).as_micros().into(),
        now.as_micros().into(),
        cut(reason).into(),
        text.into(),
        payload.into(),
    ];
    KEEP.run(transaction, values).await?;
    Ok(())
}

/// The letter that is due for longest, locked until the transaction ends; other replicas take the next one.
pub(crate) async fn due(
    transaction: &Transaction,
    consumer: &str,
    now: Timestamp,
) -> Result<Option<DeadLetter>, StoreError> {
    const DUE: Sql = Sql {
        postgres: columns!(
            "SELECT",
            "FROM dead_letter WHERE consumer = $1 AND state = 'retrying' AND next_attempt_us <= $2
             ORDER BY next_attempt_us LIMIT 1 FOR UPDATE SKIP LOCKED"
        ),
        sqlite: columns!(
            "SELECT",
            "FROM dead_letter WHERE consumer = $1 AND state = 'retrying' AND next_attempt_us <= $2
             ORDER BY next_attempt_us LIMIT 1"
        ),
    };
    let row = DUE.one(transaction, [consumer.into(), now.as_micros().into()]).await?;
    row.as_ref().map(read).transpose()
}

/// Removes a letter that was applied, in the transaction that applied it.
pub(crate) async fn applied(transaction: &Transaction, letter: &DeadLetter) -> Result<(), StoreError> {
    const APPLIED: Sql = Sql::both("DELETE FROM dead_letter WHERE consumer = $1 AND event_id = $2");
    APPLIED.run(transaction, [letter.consumer.as_str().into(), letter.letter.id().into()]).await?;
    Ok(())
}

/// Counts one more failure, and parks the letter when that was the last attempt. Returns its new state. Does nothing
/// when somebody else has tried it meanwhile.
pub(crate) async fn failed_again(
    database: &Database,
    letter: &DeadLetter,
    reason: &str,
    now: Timestamp,
) -> Result<State, StoreError> {
    const FAILED: Sql = Sql::both(
        "UPDATE dead_letter SET state = $3, attempts = $4 + 1, next_attempt_us = $5, failed_us = $6, reason = $7
         WHERE consumer = $1 AND event_id = $2 AND attempts = $4 AND state = 'retrying'",
    );
    let pause = usize::try_from(letter.attempts).ok().and_then(|attempts| PAUSES.get(attempts));
    let state = if pause.is_some() { State::Retrying } else { State::Parked };
    let values: [Value; 7] = [
        letter.consumer.as_str().into(),
        letter.letter.id().into(),
        state.as_str().into(),
        letter.attempts.into(),
        now.plus(pause.copied().unwrap_or_default()).as_micros().into(),
        now.as_micros().into(),
        cut(reason).into(),
    ];
    FAILED.run(database.writer(), values).await?;
    Ok(state)
}

/// How many letters a consumer has.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) retrying: i64,
    /// Of those, the ones to be tried now.
    pub(crate) due: i64,
    pub(crate) parked: i64,
}

/// Counts a consumer's letters.
pub(crate) async fn survey(database: &Database, consumer: &str, now: Timestamp) -> Result<Survey, StoreError> {
    const SURVEY: Sql = Sql::both(
        "SELECT count(CASE WHEN state = 'retrying' THEN 1 END) AS retrying,
                count(CASE WHEN state = 'retrying' AND next_attempt_us <= $2 THEN 1 END) AS due,
                count(CASE WHEN state = 'parked' THEN 1 END) AS parked
         FROM dead_letter WHERE consumer = $1",
    );
    let row = SURVEY.one(database.reader(), [consumer.into(), now.as_micros().into()]).await?;
    let row = row.ok_or_else(|| StoreError::corrupt("dead_letter"))?;
    Ok(Survey {
        retrying: row.try_get("", "retrying")?,
        due: row.try_get("", "due")?,
        parked: row.try_get("", "parked")?,
    })
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Retrying => "retrying",
            Self::Parked => "parked",
        }
    }
}

fn read(row: &QueryResult) -> Result<DeadLetter, StoreError> {
    let state: String = row.try_get("", "state")?;
    let text: String = row.try_get("", "letter")?;
    Ok(DeadLetter {
        consumer: row.try_get("", "consumer")?,
        letter: Letter::read(&text, row.try_get("", "payload")?)?,
        state: if state == State::Parked.as_str() { State::Parked } else { State::Retrying },
        attempts: row.try_get("", "attempts")?,
        next_attempt: Timestamp::from_micros(row.try_get("", "next_attempt_us")?),
        failed: Timestamp::from_micros(row.try_get("", "failed_us")?),
        reason: row.try_get("", "reason")?,
    })
}

/// Cuts at a character's end and drops what PostgreSQL does not take.
fn cut(reason: &str) -> String {
    let mut end = reason.len().min(LONGEST_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason[..end].replace('\0', "")
}
