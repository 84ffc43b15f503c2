//! Table `schedule`.

use mesh_store::StoreError;
use mesh_types::{TaskId, Timestamp, UserId, WorkspaceId};
use sea_orm::entity::prelude::*;

use crate::domain::{Coded, Schedule, ScheduleSort, ScheduleState, StoredPolicies, Upcoming};

/// A row. Instants are microseconds; `template` and `policies` are JSON objects; a `task_id` of nil is none.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) workspace_id: Uuid,
    pub(crate) task_id: Uuid,
    pub(crate) template: String,
    pub(crate) rrule: String,
    pub(crate) description: String,
    pub(crate) start: String,
    pub(crate) time_zone: String,
    pub(crate) policies: String,
    pub(crate) state: i16,
    pub(crate) next_nominal: Option<String>,
    pub(crate) next_us: i64,
    pub(crate) planned_count: i32,
    pub(crate) pause_us: Option<i64>,
    pub(crate) end_us: Option<i64>,
    pub(crate) create_us: i64,
    pub(crate) update_us: i64,
    pub(crate) delete_us: Option<i64>,
    pub(crate) version: i64,
    pub(crate) created_by: Uuid,
    pub(crate) split_from: Option<Uuid>,
    pub(crate) rules_from: Option<String>,
    pub(crate) ends_before: Option<String>,
    pub(crate) plan_us: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&Schedule> for Model {
    type Error = StoreError;

    fn try_from(schedule: &Schedule) -> Result<Self, StoreError> {
        let policies = StoredPolicies::from(&schedule.policies);
        let corrupt = |what: &'static str| move |_| StoreError::corrupt(what);
        Ok(Self {
            id: schedule.id,
            workspace_id: schedule.workspace_id.0,
            task_id: schedule.task_id.map_or(Uuid::nil(), |task| task.0),
            template: serde_json::to_string(&schedule.template).map_err(corrupt("schedule.template"))?,
            rrule: schedule.rrule.clone(),
            description: schedule.text.clone(),
            start: schedule.start.to_string(),
            time_zone: schedule.time_zone.clone(),
            policies: serde_json::to_string(&policies).map_err(corrupt("schedule.policies"))?,
            state: small(schedule.state.code()),
            next_nominal: schedule.next.map(|next| next.nominal.to_string()),
            next_us: schedule.next.map_or(ScheduleSort::NEVER, |next| next.time.as_micros()),
            planned_count: schedule.planned_count,
            pause_us: schedule.pause_time.map(Timestamp::as_micros),
            end_us: schedule.end_time.map(Timestamp::as_micros),
            create_us: schedule.create_time.as_micros(),
            update_us: schedule.update_time.as_micros(),
            delete_us: schedule.delete_time.map(Timestamp::as_micros),
            version: schedule.version,
            created_by: schedule.created_by.0,
            split_from: schedule.split_from,
            rules_from: schedule.rules_from.map(|from| from.to_string()),
            ends_before: schedule.ends_before.map(|end| end.to_string()),
            plan_us: schedule.plan_time().map(Timestamp::as_micros),
        })
    }
}

impl TryFrom<Model> for Schedule {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let corrupt = |what: &'static str| move || StoreError::corrupt(what);
        let policies: Option<StoredPolicies> = serde_json::from_str(&row.policies).ok();
        let nominal = |text: Option<String>, what: &'static str| {
            text.map(|text| text.parse().map_err(|_| StoreError::corrupt(what))).transpose()
        };
        Ok(Self {
            id: row.id,
            workspace_id: WorkspaceId(row.workspace_id),
            task_id: Some(row.task_id).filter(|task| !task.is_nil()).map(TaskId),
            template: serde_json::from_str(&row.template).map_err(|_| StoreError::corrupt("schedule.template"))?,
            rrule: row.rrule,
            text: row.description,
            start: row.start.parse().map_err(|_| StoreError::corrupt("schedule.start"))?,
            time_zone: row.time_zone,
            policies: policies.and_then(|stored| stored.read()).ok_or_else(corrupt("schedule.policies"))?,
            state: ScheduleState::coded(row.state.into()).ok_or_else(corrupt("schedule.state"))?,
            next: nominal(row.next_nominal, "schedule.next_nominal")?
                .map(|nominal| Upcoming { nominal, time: Timestamp::from_micros(row.next_us) }),
            planned_count: row.planned_count,
            split_from: row.split_from,
            rules_from: nominal(row.rules_from, "schedule.rules_from")?,
            ends_before: nominal(row.ends_before, "schedule.ends_before")?,
            pause_time: row.pause_us.map(Timestamp::from_micros),
            end_time: row.end_us.map(Timestamp::from_micros),
            create_time: Timestamp::from_micros(row.create_us),
            update_time: Timestamp::from_micros(row.update_us),
            delete_time: row.delete_us.map(Timestamp::from_micros),
            version: row.version,
            created_by: UserId(row.created_by),
        })
    }
}

/// The contract's numbers are small.
pub(super) fn small(code: i32) -> i16 {
    i16::try_from(code).unwrap_or_default()
}
