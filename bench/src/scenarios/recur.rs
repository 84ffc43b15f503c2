//! S12: what the next occurrence of a rule costs, of ordinary rules and of those written to hurt, and what a look at a
//! thousand of them takes through the gateway.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use http::Method;
use jiff::{Timestamp, ToSpan, civil::DateTime, tz::TimeZone};
use mesh_recurrence::{Nominal, Outcome, Policies, RuleSet, Series, zone};
use mesh_testkit::{ORACLE_RULES, hostile_rules};
use serde_json::{Value, json};
use xtask::mesh::Service;

use crate::{Row, http::Connection, latencies::Latencies, process, target::Mesh};

/// How often each is measured: the quickest counts, as what the machine does besides says nothing of the rule.
const TURNS: usize = 3;
/// How many years back rules start.
const YEARS: i16 = 10;

/// S12: reading a rule that began ten years ago and finding what comes after now, without any service around it.
pub fn next() -> anyhow::Result<Vec<Row>> {
    let now = Timestamp::now();
    let mut ordinary = Latencies::default();
    for line in ORACLE_RULES.lines() {
        let row: Value = serde_json::from_str(line)?;
        let text = |field: &str| row[field].as_str().unwrap_or_default();
        let start = years_back(text("dtstart").parse()?, now)?;
        let (_, zone) = zone(text("tzid")).context("a zone")?;
        for rrule in [text("rrule").to_owned(), endless(text("rrule"))] {
            if find(&rrule, start, &zone, now).is_some() {
                ordinary.record(quickest(|| find(&rrule, start, &zone, now)));
            }
        }
    }
    let worst = worst(now)?;
    let limit = |ms| move |found: Duration| found < Duration::from_millis(ms);
    let (most, (name, hard)) = (ordinary.quantile(1.0), worst);
    Ok(vec![
        Row {
            id: "S12",
            what: format!(
                "next occurrence of {} rules that began ten years ago, as they are and without their end",
                ordinary.count()
            ),
            measured: micros(&ordinary),
            bar: "< 1 ms",
            met: Some(limit(1)(most)),
        },
        Row {
            id: "S12",
            what: "next occurrence of the worst rule that is taken".to_owned(),
            measured: format!("{:.2} ms: {name}", hard.as_secs_f64() * 1e3),
            bar: "< 10 ms",
            met: Some(limit(10)(hard)),
        },
    ])
}

/// What is found and how long that takes.
fn find(rrule: &str, start: Nominal, zone: &TimeZone, now: Timestamp) -> Option<Outcome> {
    let rules = RuleSet::parse(rrule, start).ok()?;
    Some(Series::new(rules, zone.clone(), Policies::default()).next_after_instant(now))
}

/// Of the hostile rules that a schedule may have, since there is an occurrence, the one that takes longest.
fn worst(now: Timestamp) -> anyhow::Result<(String, Duration)> {
    let (_, zone) = zone("America/New_York").context("a zone")?;
    let start = years_back("2026-01-01T00:00:00".parse()?, now)?;
    let is_taken = |rrule: &str| {
        let rules = RuleSet::parse(rrule, start).ok();
        let series = rules.map(|rules| Series::new(rules, zone.clone(), Policies::default()));
        series.is_some_and(|series| matches!(series.first(), Outcome::Next(_)))
    };
    let taken = hostile_rules().into_iter().filter(|(_, rrule)| is_taken(rrule));
    let timed = taken.map(|(name, rrule)| (name, quickest(|| find(&rrule, start, &zone, now))));
    timed.max_by_key(|(_, took)| *took).context("some are taken")
}

/// The same time of day and year, ten years ago.
fn years_back(start: DateTime, now: Timestamp) -> anyhow::Result<Nominal> {
    let year = now.to_zoned(TimeZone::UTC).year() - YEARS;
    let moved = start.with().year(year).build().or_else(|_| start.with().year(year).day(28).build())?;
    Ok(Nominal::Local(moved))
}

fn quickest<T>(work: impl Fn() -> T) -> Duration {
    let time = |_| {
        let began = Instant::now();
        std::hint::black_box(work());
        began.elapsed()
    };
    (0..TURNS).map(time).min().unwrap_or_default()
}

fn micros(latencies: &Latencies) -> String {
    let at = |share| latencies.quantile(share).as_secs_f64() * 1e6;
    format!("p50 {:.0} µs, p99 {:.0} µs, max {:.0} µs", at(0.5), at(0.99), at(1.0))
}

/// S12: a thousand occurrences of each rule of the oracle, one call after the other; and hostile rules.
pub async fn preview(mesh: &Mesh) -> anyhow::Result<Vec<Row>> {
    let token = mesh.sign_up().await?;
    let mut connection = Connection::open(&mesh.gateway, &token).await?;
    let mut latencies = Latencies::default();
    for line in ORACLE_RULES.lines() {
        let row: Value = serde_json::from_str(line)?;
        if row["freq"] == "SECONDLY" {
            continue;
        }
        let rrule = endless(row["rrule"].as_str().unwrap_or_default());
        let body = json!({"rrule": rrule, "start": row["dtstart"], "timeZone": row["tzid"], "count": 1000});
        let began = Instant::now();
        connection.call(Method::POST, PREVIEW, body.to_string()).await?;
        latencies.record(began.elapsed());
    }
    let p99 = latencies.quantile(0.99);
    let mut rows = vec![Row {
        id: "S12",
        what: format!("preview of up to 1000 occurrences of {} rules, REST", latencies.count()),
        measured: latencies.summary(),
        bar: "p99 < 10 ms",
        met: Some(p99 < Duration::from_millis(10)),
    }];
    rows.push(hostile(mesh, &token).await?);
    Ok(rows)
}

const PREVIEW: &str = "/v1/schedules:preview";

/// The rule without an end.
fn endless(rrule: &str) -> String {
    let is_end = |part: &&str| part.starts_with("COUNT=") || part.starts_with("UNTIL=");
    rrule.split(';').filter(|part| !is_end(part)).collect::<Vec<_>>().join(";")
}

/// Every hostile rule from three starts, shown or refused: the longest answer, and by how much the service grew.
async fn hostile(mesh: &Mesh, token: &str) -> anyhow::Result<Row> {
    let scheduler = mesh.process(Service::SchedulerSvc.name())?;
    process::forget_peak(scheduler)?;
    let before = process::peak(scheduler)?;
    let today = Timestamp::now().to_zoned(TimeZone::UTC).datetime();
    let decade = today.saturating_sub(i32::from(YEARS).years()).with().subsec_nanosecond(0).build()?.to_string();
    let (mut latencies, mut worst) = (Latencies::default(), (Duration::ZERO, String::new()));
    for (name, rrule) in hostile_rules() {
        for start in ["0001-01-01T00:00:00", &decade, "9999-12-30T00:00:00"] {
            let body = json!({"rrule": rrule, "start": start, "timeZone": "America/New_York", "count": 1000});
            let took = answered(mesh, token, &body.to_string()).await?;
            latencies.record(took);
            worst = worst.max((took, name.clone()));
        }
    }
    let grown = process::peak(scheduler)?.saturating_sub(before) as f64 / (1024.0 * 1024.0);
    let (most, name) = worst;
    Ok(Row {
        id: "S12",
        what: format!("preview of {} rules written to hurt, REST", latencies.count()),
        measured: format!("{}: {name}; scheduler-svc grew by {grown:.1} MB", latencies.summary()),
        bar: "< 50 ms, < 10 MB",
        met: Some(most < Duration::from_millis(50) && grown < 10.0),
    })
}

/// How long the quickest answer took; a refusal is one.
async fn answered(mesh: &Mesh, token: &str, body: &str) -> anyhow::Result<Duration> {
    let mut quickest = Duration::MAX;
    for _ in 0..TURNS {
        let mut connection = Connection::open(&mesh.gateway, token).await?;
        let began = Instant::now();
        let answer = connection.call(Method::POST, PREVIEW, body.to_owned()).await;
        quickest = quickest.min(began.elapsed());
        if let Err(refusal) = answer {
            ensure!(refusal.to_string().starts_with('4'), "{refusal}");
        }
    }
    Ok(quickest)
}
