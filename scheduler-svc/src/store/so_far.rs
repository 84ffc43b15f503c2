//! What a schedule has planned so far, read for the decision of what comes next.

use mesh_recurrence::Nominal;
use mesh_store::{Sql, StoreError};
use mesh_types::Timestamp;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::tables::occurrence;
use crate::domain::{Advance, Closed, Coded, Occurrence, OccurrenceState, Schedule, SoFar, to_jiff};

/// More than there are open, or are skipped beforehand, unless somebody tries.
const MOST_TAKEN: u32 = 1_000;

/// What a schedule has planned so far, as far as a change at `now` depends on it. What is taken is so from the newest on, or
/// from `nominal` if that is earlier; counted from completion, from the day of closing on: of `closed`, else of what it owes,
/// else of today.
pub(super) async fn so_far(
    connection: &impl ConnectionTrait,
    schedule: &Schedule,
    closed: Option<Closed>,
    (nominal, now): (Option<Nominal>, Timestamp),
) -> Result<SoFar, StoreError> {
    let newest = newest(connection, schedule.id).await?;
    let owed = if closed.is_none() { owed(connection, schedule.id).await? } else { Vec::new() };
    let last = closed.or_else(|| owed.iter().copied().max_by_key(|closed| closed.time));
    let anew = (schedule.policies.advance == Advance::FromCompletion).then(|| {
        let zone = mesh_recurrence::zone(&schedule.time_zone).map_or(jiff::tz::TimeZone::UTC, |(_, zone)| zone);
        Nominal::Date(zone.to_datetime(to_jiff(last.map_or(now, |closed| closed.time))).date())
    });
    let from = newest.map(|newest| nominal.into_iter().chain(anew).fold(newest, Nominal::min));
    let taken = taken_from(connection, schedule.id, from).await?;
    Ok(SoFar { newest, open: open(connection, schedule.id).await?, owed, taken })
}

/// The newest that is planned. (One that was missed is older than what was planned then.)
pub(super) async fn newest(
    connection: &impl ConnectionTrait,
    schedule_id: Uuid,
) -> Result<Option<Nominal>, StoreError> {
    let query = occurrence::Entity::find()
        .filter(occurrence::Column::ScheduleId.eq(schedule_id))
        .filter(occurrence::Column::State.ne(OccurrenceState::Skipped.code()))
        .order_by_desc(occurrence::Column::Nominal);
    let row = query.one(connection).await?.map(Occurrence::try_from).transpose()?;
    Ok(row.map(|newest| newest.nominal))
}

/// The nominal starts that are taken from this one on; the nearest come first.
pub(super) async fn taken_from(
    connection: &impl ConnectionTrait,
    schedule_id: Uuid,
    from: Option<Nominal>,
) -> Result<Vec<Nominal>, StoreError> {
    let mut query = occurrence::Entity::find().filter(occurrence::Column::ScheduleId.eq(schedule_id));
    if let Some(from) = from {
        query = query.filter(occurrence::Column::Nominal.gte(from.to_string()));
    }
    let rows = query.order_by_asc(occurrence::Column::Nominal).limit(u64::from(MOST_TAKEN)).all(connection).await?;
    let nominal = |row: occurrence::Model| row.nominal.parse().map_err(|_| StoreError::corrupt("occurrence.nominal"));
    rows.into_iter().map(nominal).collect()
}

/// Those whose tasks are open, or being made.
async fn open(connection: &impl ConnectionTrait, schedule_id: Uuid) -> Result<Vec<Occurrence>, StoreError> {
    // The states are in the text, so that the index of open ones is used.
    const OPEN: Sql =
        Sql::both("SELECT * FROM occurrence WHERE schedule_id = $1 AND state <= 30 ORDER BY nominal LIMIT $2");
    let rows = OPEN.all(connection, [schedule_id.into(), i64::from(MOST_TAKEN).into()]).await?;
    rows.iter().map(|row| occurrence::Model::from_query_result(row, "")?.try_into()).collect()
}

/// Those that were closed and have no successor.
async fn owed(connection: &impl ConnectionTrait, schedule_id: Uuid) -> Result<Vec<Closed>, StoreError> {
    let query = occurrence::Entity::find()
        .filter(occurrence::Column::ScheduleId.eq(schedule_id))
        .filter(occurrence::Column::SuccessorPlanned.eq(false))
        .filter(occurrence::Column::CloseUs.is_not_null())
        .order_by_asc(occurrence::Column::Nominal)
        .limit(u64::from(MOST_TAKEN));
    let rows = query.all(connection).await?;
    let owed = rows.into_iter().map(|row| Occurrence::try_from(row).map(|occurrence| occurrence.owed()));
    Ok(owed.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
