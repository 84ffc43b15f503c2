//! The times of a schedule are listed: those with their tasks, then the computed ones to come.

use mesh_recurrence::Nominal;
use mesh_types::{Caller, Fault, PageSize, PageToken, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{App, Error, list_schedules::forged};
use crate::{
    domain::{Computed, Occurrence, Schedule, Window},
    store,
};

/// Which occurrences to list.
#[derive(Clone, Debug)]
pub struct ListOccurrences {
    /// Of which schedule.
    pub schedule_id: Uuid,
    /// Only those after this instant.
    pub after: Option<Timestamp>,
    /// Only those before this instant.
    pub before: Option<Timestamp>,
    /// How many at most.
    pub page_size: PageSize,
    /// Where to begin: the token that came with the page before.
    pub page_token: String,
}

/// A page of occurrences, in the order of their nominal starts.
#[derive(Clone, Debug)]
pub struct OccurrencePage {
    /// The schedule.
    pub schedule: Schedule,
    /// The occurrences.
    pub listed: Vec<Listed>,
    /// Asks for the next page; empty on the last one.
    pub next_page_token: String,
}

/// An occurrence in a list.
#[derive(Clone, Debug)]
pub enum Listed {
    /// It has its task, is to get it, or never will.
    Planned(Occurrence),
    /// It may still change with the schedule.
    Computed(Computed),
}

impl Listed {
    fn nominal(&self) -> Nominal {
        match self {
            Self::Planned(occurrence) => occurrence.nominal,
            Self::Computed(computed) => computed.occurrence.nominal,
        }
    }

    /// How many occurrences there are up to this one, if that is not known otherwise.
    fn counted(&self) -> Option<i32> {
        match self {
            Self::Planned(_) => None,
            Self::Computed(computed) => Some(computed.counted),
        }
    }
}

/// Where a page ended.
#[derive(Debug, Serialize, Deserialize)]
struct Key {
    nominal: String,
    /// How many occurrences there are up to here, for a series that ends by count.
    counted: i32,
}

impl Key {
    /// More than anybody pages through, and far from where counting on would overflow.
    const MOST: i32 = i32::MAX / 2;

    /// The nominal start where the page ended. (A page token is not a secret; anybody can make one.)
    fn nominal(&self) -> Result<Nominal, Fault> {
        let nominal = self.nominal.parse().ok().filter(|_| (0..=Self::MOST).contains(&self.counted));
        nominal.ok_or_else(forged)
    }
}

impl App {
    /// One page of occurrences.
    ///
    /// # Errors
    /// When there is no such schedule, or not for this caller, or the token is not one of this list's.
    #[tracing::instrument(level = "debug", skip_all, fields(schedule.id = %list.schedule_id))]
    pub async fn list_occurrences(&self, caller: &Caller, list: ListOccurrences) -> Result<OccurrencePage, Error> {
        let schedule = self.store.find_schedule(caller, list.schedule_id).await?;
        let identity = identity(caller, &list);
        let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
        let key = PageToken::decode::<Key>(&list.page_token, &identity)?;
        let begin = key.as_ref().map(Key::nominal).transpose()?;

        let wanted = usize::try_from(list.page_size.get()).unwrap_or(usize::MAX);
        let (after, before) = (list.after, list.before);
        let limit = list.page_size.get() + 1;
        let page = store::OccurrencePage { schedule_id: schedule.id, nominal: begin, after, before, limit };
        let planned = self.store.list_occurrences(&page).await?;
        let (newest, taken) = self.store.newest_occurrence(schedule.id).await?;
        let counted = key.map_or(0, |key| key.counted).max(schedule.planned_count);
        let window = Window { nominal: begin.max(newest), after, before, taken: &taken, limit: wanted + 1 };
        let computed = schedule.computed(&window, counted, self.clock.now()).map_err(store::Error::from)?;

        let mut listed = in_order(planned, computed);
        let more = listed.len() > wanted;
        listed.truncate(wanted);
        let counted = listed.iter().rev().find_map(Listed::counted).unwrap_or(counted);
        let last = listed.last().map(|last| Key { nominal: last.nominal().to_string(), counted });
        let next_page_token =
            last.filter(|_| more).map_or(Ok(String::new()), |key| PageToken::encode(&key, &identity))?;
        Ok(OccurrencePage { schedule, listed, next_page_token })
    }
}

/// Both in the order of their nominal starts. (Some that are to come may be noted already: those that were left out.)
fn in_order(planned: Vec<Occurrence>, computed: Vec<Computed>) -> Vec<Listed> {
    let planned = planned.into_iter().map(Listed::Planned);
    let mut listed: Vec<Listed> = planned.chain(computed.into_iter().map(Listed::Computed)).collect();
    listed.sort_by_key(Listed::nominal);
    listed
}

/// What tells this list from others, so that a page token is good for no other.
fn identity(caller: &Caller, list: &ListOccurrences) -> [String; 4] {
    let bound = |instant: Option<Timestamp>| instant.map_or(String::new(), |instant| instant.as_micros().to_string());
    let bounds = format!("{}..{}", bound(list.after), bound(list.before));
    ["occurrences".to_owned(), caller.actor.user_id.to_string(), list.schedule_id.to_string(), bounds]
}
