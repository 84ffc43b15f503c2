//! A workspace's record: where the next entry goes.

use mesh_types::Timestamp;

use super::{Entry, Happening};

/// How far a workspace's record has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// How many entries it holds; the next one's place.
    pub size: i64,
    /// When the newest was recorded.
    pub last_time: Timestamp,
}

impl Record {
    /// Gives `happening` the next place. Clocks of replicas differ, so time never goes back within a record.
    pub fn append(&mut self, happening: Happening, now: Timestamp) -> Entry {
        let entry = Entry { happening, sequence: self.size, record_time: self.last_time.max(now) };
        self.size += 1;
        self.last_time = entry.record_time;
        entry
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mesh_types::{Actor, UserId, WorkspaceId};
    use uuid::Uuid;

    use super::*;

    fn happening() -> Happening {
        Happening {
            event_id: Uuid::nil(),
            workspace_id: WorkspaceId(Uuid::nil()),
            entity: "task".to_owned(),
            entity_id: Uuid::nil(),
            epoch: 1,
            version: 1,
            verb: "created".to_owned(),
            actor: Actor {
                user_id: UserId(Uuid::nil()),
                service: None,
                token_id: None,
                client_address: None,
                user_agent: None,
            },
            time: Timestamp::default(),
            source: "task-svc".to_owned(),
            trace_parent: None,
            event_type: String::new(),
            payload: Vec::new(),
        }
    }

    #[test]
    fn places_are_dense_and_time_never_goes_back() {
        let mut record = Record { size: 0, last_time: Timestamp::default() };
        let now = Timestamp::from_micros(10_000_000);
        let first = record.append(happening(), now);
        let second = record.append(happening(), now.minus(Duration::from_secs(1)));
        assert_eq!((first.sequence, first.record_time), (0, now));
        assert_eq!((second.sequence, second.record_time), (1, now));
    }

    #[test]
    fn a_trace_id_is_taken_from_a_well_formed_traceparent_only() {
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let traced = Happening { trace_parent: Some(trace.to_owned()), ..happening() };
        assert_eq!(traced.trace_id(), Some("0af7651916cd43dd8448eb211c80319c"));
        let odd = Happening { trace_parent: Some("00-zz-1".to_owned()), ..happening() };
        assert_eq!(odd.trace_id(), None);
    }
}
