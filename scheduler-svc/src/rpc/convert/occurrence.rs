//! Occurrences as the contract tells them: those with tasks, and those that are only computed.

use mesh_proto::scheduler::v1 as proto;
use mesh_recurrence::Nominal;
use mesh_rpc::fields::timestamp;
use uuid::Uuid;

use crate::{
    app::{Listed, OccurrencePage},
    domain::{Coded, Occurrence, Place, Preview},
};

/// The answer to a list of them.
pub(in crate::rpc) fn occurrences(page: OccurrencePage) -> proto::ListOccurrencesResponse {
    let occurrences = page.listed.iter().map(|listed| match listed {
        Listed::Planned(known) => occurrence(known),
        Listed::Computed(computed) => {
            let (place, nominal) = (Place::from(&computed.occurrence), computed.occurrence.nominal);
            let state = proto::OccurrenceState::Computed.into();
            proto::Occurrence { state, ..placed(page.schedule.id, nominal, &place) }
        }
    });
    proto::ListOccurrencesResponse { occurrences: occurrences.collect(), next_page_token: page.next_page_token }
}

/// The answer to a look at rules.
pub(in crate::rpc) fn preview(preview: &Preview) -> proto::PreviewScheduleResponse {
    let occurrences = preview.occurrences.iter().map(|found| {
        let place = Place::from(found);
        proto::PreviewedOccurrence {
            instant: Some(timestamp(place.instant)),
            local: place.local.to_string(),
            offset: offset(place.offset_seconds),
            adjusted: !place.adjustments.is_empty(),
            adjustments: place.adjustments.iter().map(|adjustment| adjustment.code()).collect(),
            occurrence: found.nominal.to_string(),
        }
    });
    proto::PreviewScheduleResponse {
        occurrences: occurrences.collect(),
        text: preview.text.clone(),
        warnings: preview.warnings.iter().map(ToString::to_string).collect(),
        exhausted: preview.exhausted,
    }
}

fn occurrence(occurrence: &Occurrence) -> proto::Occurrence {
    proto::Occurrence {
        state: occurrence.state.code(),
        task_id: occurrence.has_task().then(|| occurrence.task_id.to_string()),
        plan_time: Some(timestamp(occurrence.plan_time)),
        close_time: occurrence.close_time.map(timestamp),
        ..placed(occurrence.schedule_id, occurrence.nominal, &occurrence.place)
    }
}

fn placed(schedule_id: Uuid, nominal: Nominal, place: &Place) -> proto::Occurrence {
    proto::Occurrence {
        schedule_id: schedule_id.to_string(),
        occurrence: nominal.to_string(),
        instant: Some(timestamp(place.instant)),
        local: place.local.to_string(),
        offset: offset(place.offset_seconds),
        adjusted: !place.adjustments.is_empty(),
        adjustments: place.adjustments.iter().map(|adjustment| adjustment.code()).collect(),
        ..proto::Occurrence::default()
    }
}

/// Such as `+02:00`; with seconds where a zone of old has them.
fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let east = seconds.unsigned_abs();
    let (hours, minutes, rest) = (east / 3_600, east / 60 % 60, east % 60);
    if rest == 0 {
        format!("{sign}{hours:02}:{minutes:02}")
    } else {
        format!("{sign}{hours:02}:{minutes:02}:{rest:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_told_in_hours_and_minutes() {
        assert_eq!(offset(7_200), "+02:00");
        assert_eq!(offset(-12_600), "-03:30");
        assert_eq!(offset(0), "+00:00");
        assert_eq!(offset(3_208), "+00:53:28");
    }
}
