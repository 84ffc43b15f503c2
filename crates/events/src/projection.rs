//! Projections: tables that hold the newest state of something that another service owns.
//!
//! Events of one aggregate may arrive out of order and more than once. A projection keeps epoch and version with each
//! row and takes an event only when it is newer:
//!
//! ```sql
//! INSERT INTO task_reference (task_id, epoch, version, title) VALUES ($1, $2, $3, $4)
//! ON CONFLICT (task_id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, title = excluded.title
//! WHERE (task_reference.epoch, task_reference.version) < (excluded.epoch, excluded.version)
//! ```
//!
//! Both databases compare the pairs as [`Revision`](crate::Revision) does. What happened between two states is not a
//! projection's business: an effect that must happen once for each event may not skip older ones.

use std::collections::HashMap;

use crate::Envelope;

/// The newest event of each aggregate in a batch, in the order of their arrival: what a projection needs to look at.
pub fn newest(events: &[Envelope]) -> Vec<&Envelope> {
    let mut newest = HashMap::new();
    for (place, event) in events.iter().enumerate() {
        let best = newest.entry((&event.entity, event.aggregate_id)).or_insert(place);
        if event.revision() > events[*best].revision() {
            *best = place;
        }
    }
    let mut places: Vec<usize> = newest.into_values().collect();
    places.sort_unstable();
    places.into_iter().map(|place| &events[place]).collect()
}
