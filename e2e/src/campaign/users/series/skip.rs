//! Occurrences are skipped: open ones, some that are to come, and some that are just being planned.

use jiff::civil::DateTime;
use mesh_proto::scheduler::v1::{Schedule, SkipOccurrenceRequest};

use super::{Open, closing, finish, note, remember};
use crate::campaign::{
    record::{Closing, Fate, Series},
    users::{caller::request_id, lane::Lane, tasks::Verb},
};

const METHOD: &str = "taskmesh.scheduler.v1.SchedulerService/SkipOccurrence";

/// Skips an open one, sometimes twice at once.
pub(super) async fn open(lane: &mut Lane, id: &str, open: &Open) -> Option<()> {
    let series = lane.ledger.series.get(id)?;
    if series.starts_moved(open.nominal) {
        return Some(());
    }
    if series.ends_before.is_none() && lane.rng.chance(40) {
        let (one, other) = (request(id, open.nominal), request(id, open.nominal));
        for acked in lane.ask_twice::<_, Schedule>(METHOD, &one, &other).await? {
            remember(lane, "skipped", acked);
        }
    } else {
        skip(lane, id, open.nominal).await?;
    }
    skipped(lane, id, open);
    Some(())
}

/// Skips one that is not planned yet.
pub(super) async fn to_come(lane: &mut Lane, id: &str) -> Option<()> {
    let steps = lane.rng.number(0..=2) as usize;
    let Some(nominal) = lane.ledger.series.get(id)?.upcoming().nth(steps) else { return Some(()) };
    skip(lane, id, nominal).await?;
    note(lane, id, |series| series.skip_early(nominal));
    Some(())
}

/// Finishes one and skips its successor at once, which may be planned by then, or not.
pub(super) async fn successor(lane: &mut Lane, id: &str, open: &Open) -> Option<()> {
    let successor = lane.ledger.series.get(id)?.upcoming().next();
    finish::finish(lane, id, open, Verb::Completed).await?;
    let Some(nominal) = successor else { return Some(()) };
    skip(lane, id, nominal).await?;
    note(lane, id, |series| series.skip_early(nominal));
    Some(())
}

/// Skips an open one once.
pub(super) async fn once(lane: &mut Lane, id: &str, open: &Open) -> Option<()> {
    if lane.ledger.series.get(id)?.starts_moved(open.nominal) {
        return Some(());
    }
    skip(lane, id, open.nominal).await?;
    skipped(lane, id, open);
    Some(())
}

fn skipped(lane: &mut Lane, id: &str, open: &Open) {
    note(lane, id, |series| series.close(open.nominal, Fate::Skipped));
    closing(lane, &open.task, Closing::Cancel);
}

async fn skip(lane: &mut Lane, id: &str, nominal: DateTime) -> Option<()> {
    let acked = lane.ask(METHOD, &request(id, nominal)).await?;
    remember(lane, "skipped", acked);
    Some(())
}

fn request(id: &str, nominal: DateTime) -> SkipOccurrenceRequest {
    let (id, occurrence) = (id.to_owned(), Series::spelled(nominal));
    SkipOccurrenceRequest { id, occurrence, request_id: request_id(), ..SkipOccurrenceRequest::default() }
}
