//! What is open, once a schedule has done what follows from everything before.

use std::{collections::BTreeSet, time::Duration};

use jiff::civil::DateTime;
use mesh_proto::scheduler::v1::{ListOccurrencesRequest, ListOccurrencesResponse, Occurrence, OccurrenceState};
use tokio::time::Instant;

use super::super::{caller::Acked, lane::Lane};
use crate::campaign::{
    pause,
    record::{Fate, Series, Standing},
};

/// How long a successor is waited for before something else is done.
const PATIENCE: Duration = Duration::from_secs(60);

/// An open occurrence.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) nominal: DateTime,
    pub(super) task: String,
}

/// Waits until everything that was done has had its consequences, as what is done next would change them. Returns what is
/// open then; `None` if nothing is, or nobody can wait any longer.
pub(super) async fn settled(lane: &mut Lane, id: &str) -> Option<Vec<Open>> {
    let deadline = Instant::now() + PATIENCE;
    let request = ListOccurrencesRequest { id: id.to_owned(), page_size: 100, ..ListOccurrencesRequest::default() };
    while Instant::now() < deadline && lane.ledger.series.get(id)?.standing != Standing::Ended {
        let method = "taskmesh.scheduler.v1.SchedulerService/ListOccurrences";
        let page: Acked<ListOccurrencesResponse> = lane.ask(method, &request).await?;
        let mut listed = page.answer.occurrences;
        listed.retain(|occurrence| occurrence.state() != OccurrenceState::Computed);
        let series = lane.ledger.series.get_mut(id)?;
        name(series, &listed);
        if let Some(open) = listed_open(series, &listed) {
            return Some(open).filter(|open| !open.is_empty());
        }
        pause(Duration::from_millis(150)).await;
    }
    None
}

/// An occurrence that nobody expected is the one whose time nobody knew.
fn name(series: &mut Series, listed: &[Occurrence]) {
    let nominal = |occurrence: &Occurrence| occurrence.occurrence.parse().ok();
    let unknown = listed.iter().filter_map(nominal).find(|nominal| !series.occurrences.contains_key(nominal));
    if let Some(unknown) = unknown {
        series.name(unknown);
    }
}

/// The open ones, if the list is as it must be after everything that was done.
fn listed_open(series: &Series, listed: &[Occurrence]) -> Option<Vec<Open>> {
    let mut open = Vec::new();
    let mut known: BTreeSet<&DateTime> = series.occurrences.keys().collect();
    for occurrence in listed {
        let nominal: DateTime = occurrence.occurrence.parse().ok()?;
        known.remove(&nominal);
        let (fate, state) = (series.occurrences.get(&nominal)?.fate, occurrence.state());
        match (fate, state) {
            (Fate::Open, OccurrenceState::Open) => open.push(Open { nominal, task: occurrence.task_id.clone()? }),
            (Fate::Open, _) | (Fate::Finished, OccurrenceState::Open) => return None,
            _ => {}
        }
    }
    (known.is_empty() && series.unnamed.is_none()).then_some(open)
}
