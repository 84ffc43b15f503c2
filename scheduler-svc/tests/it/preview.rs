//! PreviewSchedule: what rules would give, with nothing saved. No database has a part in it, so one kind is enough.

use mesh_proto::scheduler::v1::{
    DstGapPolicy, MonthEndPolicy, PreviewScheduleRequest, PreviewScheduleResponse, SchedulePolicies, WeekendPolicy,
};
use tonic::{Code, Response, Status};
use tonic_types::StatusExt;

use crate::{
    schedules_world::{BERLIN, ScheduleWorld, at, complaints, shown},
    support::{proto_time, refused, violations},
};

/// Somebody who looks at rules on 19 October 2026.
async fn world() -> ScheduleWorld {
    ScheduleWorld::on(mesh_testkit::sqlite()).await
}

fn outline(rrule: &str, start: &str) -> PreviewScheduleRequest {
    let (rrule, start, time_zone) = (rrule.to_owned(), start.to_owned(), BERLIN.to_owned());
    PreviewScheduleRequest { rrule, start, time_zone, count: 3, ..PreviewScheduleRequest::default() }
}

fn with(policies: SchedulePolicies, outline: PreviewScheduleRequest) -> PreviewScheduleRequest {
    PreviewScheduleRequest { policies: Some(policies), ..outline }
}

impl ScheduleWorld {
    async fn try_preview(&self, outline: PreviewScheduleRequest) -> Result<Response<PreviewScheduleResponse>, Status> {
        self.schedules().preview_schedule(outline).await
    }

    async fn preview(&self, outline: PreviewScheduleRequest) -> PreviewScheduleResponse {
        self.try_preview(outline).await.expect("these are rules").into_inner()
    }
}

/// The wall times of a preview, each that was moved with a `*`.
fn walls(preview: &PreviewScheduleResponse) -> Vec<String> {
    let wall = |local: &str, adjusted: bool| format!("{local}{}", if adjusted { "*" } else { "" });
    preview.occurrences.iter().map(|found| wall(&found.local, found.adjusted)).collect()
}

#[tokio::test]
async fn a_preview_tells_instants_wall_times_and_words() {
    let world = world().await;
    let preview = world.preview(outline("FREQ=WEEKLY;BYDAY=WE", "2027-03-24T09:00:00")).await;
    assert_eq!(walls(&preview), ["2027-03-24T09:00:00", "2027-03-31T09:00:00", "2027-04-07T09:00:00"]);
    let offsets: Vec<_> = preview.occurrences.iter().map(|found| found.offset.as_str()).collect();
    assert_eq!(offsets, ["+01:00", "+02:00", "+02:00"]);
    let instants: Vec<_> = preview.occurrences.iter().map(|found| shown(found.instant.as_ref())).collect();
    assert_eq!(instants, ["2027-03-24T08:00:00Z", "2027-03-31T07:00:00Z", "2027-04-07T07:00:00Z"]);
    assert_eq!((preview.text.as_str(), preview.exhausted), ("every week on Wednesday", false));
    assert_eq!(preview.warnings, [""; 0]);

    let days = world.preview(outline("FREQ=MONTHLY;COUNT=2", "2026-11-01")).await;
    assert_eq!((walls(&days), days.exhausted), (vec!["2026-11-01".to_owned(), "2026-12-01".to_owned()], true));
}

#[tokio::test]
async fn what_a_policy_moves_is_marked_and_keeps_its_name() {
    let world = world().await;
    let weekend = |policy: WeekendPolicy| SchedulePolicies { weekend: Some(policy.into()), ..Default::default() };
    // 1 November 2026 is a Sunday.
    let first_of_month = || outline("FREQ=MONTHLY", "2026-11-01T09:00:00");
    let next = world.preview(with(weekend(WeekendPolicy::NextWeekday), first_of_month())).await;
    assert_eq!(walls(&next), ["2026-11-02T09:00:00*", "2026-12-01T09:00:00", "2027-01-01T09:00:00"]);
    assert_eq!(next.occurrences[0].occurrence, "2026-11-01T09:00:00");
    let previous = world.preview(with(weekend(WeekendPolicy::PreviousWeekday), first_of_month())).await;
    assert_eq!(walls(&previous)[0], "2026-10-30T09:00:00*");
    let dropped = world.preview(with(weekend(WeekendPolicy::Drop), first_of_month())).await;
    assert_eq!(walls(&dropped)[0], "2026-12-01T09:00:00");

    let clamp = SchedulePolicies { month_end: Some(MonthEndPolicy::Clamp.into()), ..Default::default() };
    let clamped = world.preview(with(clamp, outline("FREQ=MONTHLY", "2026-12-31"))).await;
    assert_eq!(walls(&clamped), ["2026-12-31", "2027-01-31", "2027-02-28*"]);
    assert_eq!(clamped.warnings, [""; 0]);
}

#[tokio::test]
async fn a_time_that_the_clocks_leave_out_goes_where_the_policy_says() {
    let world = world().await;
    let nightly = || outline("FREQ=DAILY", "2027-03-27T02:30:00");
    let second = async |policy: DstGapPolicy| {
        let policies = SchedulePolicies { dst_gap: Some(policy.into()), ..Default::default() };
        walls(&world.preview(with(policies, nightly())).await).swap_remove(1)
    };
    assert_eq!(second(DstGapPolicy::OffsetBefore).await, "2027-03-28T03:30:00*");
    assert_eq!(second(DstGapPolicy::OffsetAfter).await, "2027-03-28T01:30:00*");
    assert_eq!(second(DstGapPolicy::Drop).await, "2027-03-29T02:30:00");
    let warned = world.preview(nightly()).await.warnings;
    let gap = "2027-03-28T02:30:00 does not exist: the clocks go forward then.";
    assert!(warned.iter().any(|warning| warning == gap), "{warned:?}");
}

#[tokio::test]
async fn what_may_surprise_is_said() {
    let world = world().await;
    for (rrule, start, warning, shows) in [
        ("FREQ=MONTHLY", "2026-12-31T09:00:00", "Months without a day 31 are left out.", 3),
        ("FREQ=YEARLY", "2028-02-29", "It comes in leap years only.", 3),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-11-01", "There is no occurrence at all.", 0),
        ("FREQ=DAILY;UNTIL=20260101", "2026-11-01", "It ends before it starts.", 0),
        ("FREQ=DAILY;COUNT=2", "2026-01-01", "All occurrences are in the past.", 2),
        (
            "FREQ=WEEKLY;BYDAY=TU",
            "2026-11-02",
            "The start is not an occurrence itself; the first one is 2026-11-03.",
            3,
        ),
    ] {
        let preview = world.preview(outline(rrule, start)).await;
        assert!(preview.warnings.iter().any(|said| said == warning), "{rrule}: {:?}", preview.warnings);
        assert_eq!(preview.occurrences.len(), shows, "{rrule}");
        assert_eq!(preview.exhausted, shows < 3, "{rrule}");
    }
}

#[tokio::test]
async fn a_series_ends_where_it_is_told_to_wherever_one_looks() {
    let world = world().await;
    let daily = || outline("FREQ=DAILY", "2026-11-01T09:00:00");
    let counted = SchedulePolicies { end_count: Some(4), ..Default::default() };
    let dated = SchedulePolicies { end_date: Some("2026-11-04".to_owned()), ..Default::default() };
    for policies in [counted, dated] {
        let begin = world.preview(with(policies.clone(), daily())).await;
        assert_eq!((begin.occurrences.len(), begin.exhausted), (3, false), "{policies:?}");
        let after = Some(proto_time(at("2026-11-02T08:00:00Z")));
        let rest = world.preview(PreviewScheduleRequest { after, ..with(policies.clone(), daily()) }).await;
        assert_eq!(walls(&rest), ["2026-11-03T09:00:00", "2026-11-04T09:00:00"], "{policies:?}");
        assert!(rest.exhausted, "{policies:?}");
    }
}

#[tokio::test]
async fn ten_are_shown_unless_it_is_said_and_a_thousand_at_most() {
    let world = world().await;
    let shown = async |count: i32| {
        let request = PreviewScheduleRequest { count, ..outline("FREQ=DAILY", "2026-11-01") };
        world.preview(request).await.occurrences.len()
    };
    assert_eq!((shown(0).await, shown(1).await, shown(1_000).await), (10, 1, 1_000));
}

#[tokio::test]
async fn without_a_zone_it_is_that_of_whoever_looks() {
    let world = world().await;
    let zoneless =
        || PreviewScheduleRequest { time_zone: String::new(), ..outline("FREQ=DAILY", "2026-11-01T09:00:00") };
    let mut client = world.schedules_of(&world.user.clone().in_zone("Asia/Tokyo"));
    let preview = client.preview_schedule(zoneless()).await.expect("these are rules").into_inner();
    assert_eq!(shown(preview.occurrences[0].instant.as_ref()), "2026-11-01T00:00:00Z");
    let status = refused(world.try_preview(zoneless()).await, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(violations(&status), ["time_zone"]);
}

#[tokio::test]
async fn a_rule_that_is_none_is_refused_with_its_place() {
    let world = world().await;
    let long = format!("FREQ=DAILY;BYHOUR={}9", "9,".repeat(8_200));
    for (rrule, position) in [
        ("FREQ=SOMETIMES", Some("5")),
        ("FREQ=SECONDLY", Some("5")),
        ("FREQ=WEEKLY;BYDAY=2MO", Some("18")),
        (&long, None),
    ] {
        let refusal = world.try_preview(outline(rrule, "2026-11-01T09:00:00")).await;
        let status = refused(refusal, Code::InvalidArgument, "FIELDS_INVALID");
        assert_eq!(violations(&status), ["rrule"]);
        let place = status.get_details_error_info().and_then(|mut info| info.metadata.remove("position"));
        assert_eq!(place.as_deref(), position, "{:?}", complaints(&status));
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_field_by_field() {
    let world = world().await;
    let good = || outline("FREQ=DAILY", "2026-11-01T09:00:00");
    let too_late = prost_types::Timestamp { seconds: 253_402_300_800, nanos: 0 };
    let both = SchedulePolicies { end_count: Some(2), end_date: Some("2027-01-01".to_owned()), ..Default::default() };
    let unknown = SchedulePolicies { weekend: Some(11), ..Default::default() };
    let zone = |name: &str| PreviewScheduleRequest { time_zone: name.to_owned(), ..good() };
    for (request, field) in [
        (outline("", "2026-11-01"), "rrule"),
        (outline("FREQ=DAILY\0", "2026-11-01"), "rrule"),
        (outline("FREQ=DAILY", ""), "start"),
        (outline("FREQ=DAILY", "0000-11-01"), "start"),
        (outline("FREQ=DAILY", "2026-02-30T09:00:00"), "start"),
        (outline("FREQ=DAILY", "2026-11-01T09:00:00Z"), "start"),
        (zone("Europe/Atlantis"), "time_zone"),
        (zone("\0"), "time_zone"),
        (zone("../../etc/passwd"), "time_zone"),
        (PreviewScheduleRequest { count: 1_001, ..good() }, "count"),
        (PreviewScheduleRequest { count: -1, ..good() }, "count"),
        (PreviewScheduleRequest { after: Some(too_late), ..good() }, "after"),
        (with(unknown, good()), "policies.weekend"),
    ] {
        let status = refused(world.try_preview(request.clone()).await, Code::InvalidArgument, "FIELDS_INVALID");
        assert_eq!(violations(&status), [field], "{request:?}");
    }
    refused(world.try_preview(with(both, good())).await, Code::InvalidArgument, "FIELDS_INVALID");
}
