//! Table `occurrence`.

use mesh_recurrence::Adjustment;
use mesh_store::StoreError;
use mesh_types::{TaskId, Timestamp};
use sea_orm::entity::prelude::*;

use super::schedule::small;
use crate::domain::{Coded, Occurrence, OccurrenceState, Place, Since, ToDo};

/// A row. Instants are microseconds; `adjustments` are numbers with commas between. `attempts` and `attempt_us` belong to
/// the worker that does what is `to_do`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "occurrence")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) schedule_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) nominal: String,
    pub(crate) instant_us: i64,
    pub(crate) local: String,
    pub(crate) offset_seconds: i32,
    pub(crate) adjustments: String,
    pub(crate) task_id: Uuid,
    pub(crate) state: i16,
    pub(crate) successor_planned: bool,
    pub(crate) plan_us: i64,
    pub(crate) close_us: Option<i64>,
    pub(crate) since_version: i64,
    pub(crate) since_us: i64,
    pub(crate) newest_epoch: i64,
    pub(crate) newest_version: i64,
    pub(crate) to_do: Option<i16>,
    pub(crate) attempts: i32,
    pub(crate) attempt_us: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Occurrence> for Model {
    /// A new row: nobody has tried yet.
    fn from(occurrence: &Occurrence) -> Self {
        let Place { instant, local, offset_seconds, adjustments } = &occurrence.place;
        let adjustments: Vec<String> = adjustments.iter().map(|adjustment| adjustment.code().to_string()).collect();
        Self {
            schedule_id: occurrence.schedule_id,
            nominal: occurrence.nominal.to_string(),
            instant_us: instant.as_micros(),
            local: local.to_string(),
            offset_seconds: *offset_seconds,
            adjustments: adjustments.join(","),
            task_id: occurrence.task_id.0,
            state: small(occurrence.state.code()),
            successor_planned: occurrence.successor_planned,
            plan_us: occurrence.plan_time.as_micros(),
            close_us: occurrence.close_time.map(Timestamp::as_micros),
            since_version: occurrence.since.version,
            since_us: occurrence.since.time.as_micros(),
            newest_epoch: occurrence.newest.0,
            newest_version: occurrence.newest.1,
            to_do: occurrence.to_do.map(|to_do| small(to_do.code())),
            attempts: 0,
            attempt_us: occurrence.plan_time.as_micros(),
        }
    }
}

impl TryFrom<Model> for Occurrence {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let corrupt = |what: &'static str| move || StoreError::corrupt(what);
        let place = Place {
            instant: Timestamp::from_micros(row.instant_us),
            local: row.local.parse().map_err(|_| StoreError::corrupt("occurrence.local"))?,
            offset_seconds: row.offset_seconds,
            adjustments: adjustments(&row.adjustments).ok_or_else(corrupt("occurrence.adjustments"))?,
        };
        let to_do = row.to_do.map(|code| ToDo::coded(code.into()).ok_or_else(corrupt("occurrence.to_do")));
        Ok(Self {
            schedule_id: row.schedule_id,
            nominal: row.nominal.parse().map_err(|_| StoreError::corrupt("occurrence.nominal"))?,
            place,
            task_id: TaskId(row.task_id),
            state: OccurrenceState::coded(row.state.into()).ok_or_else(corrupt("occurrence.state"))?,
            successor_planned: row.successor_planned,
            plan_time: Timestamp::from_micros(row.plan_us),
            close_time: row.close_us.map(Timestamp::from_micros),
            since: Since { version: row.since_version, time: Timestamp::from_micros(row.since_us) },
            newest: (row.newest_epoch, row.newest_version),
            to_do: to_do.transpose()?,
        })
    }
}

fn adjustments(text: &str) -> Option<Vec<Adjustment>> {
    let codes = text.split(',').filter(|code| !code.is_empty());
    codes.map(|code| code.parse().ok().and_then(Adjustment::coded)).collect()
}
