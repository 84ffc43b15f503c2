//! Rules as the running service shows them: what other engines computed, and what was written to hurt.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::{Client, Face, HttpReply, Mode, RestRequest, Target, tell};
use futures::{StreamExt, TryStreamExt, stream};
use http::Method;
use mesh_proto::{
    scheduler::v1::Schedule,
    task::v1::{Task, TaskTime, task_time},
};
use mesh_testkit::{ORACLE_RULES, hostile_rules};
use serde_json::{Value, json};

/// How many of its rules are asked about at once.
const CONNECTIONS: usize = 8;
/// How long an answer may take before it is called a hang; what it takes in release is a figure of the bench (S12).
const HANG: Duration = Duration::from_secs(5);
/// How much the process may grow by all that is written to hurt.
const GROWTH_KIB: u64 = 10 * 1024;

#[tokio::test]
async fn every_rule_of_the_oracle_is_shown_as_other_engines_have_it() -> Result<()> {
    let target = Target::shared(Mode::Single).await?;
    let (_, client) = target.person(Face::Rest, "oracle").await?;
    let rows = ORACLE_RULES.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    ensure!(rows.len() == 1_500, "{} rules", rows.len());
    let refused = stream::iter(&rows)
        .map(async |row| judge(&client, row).await.with_context(|| row.to_string()))
        .buffer_unordered(CONNECTIONS)
        .try_filter(|judged| std::future::ready(*judged == Judged::Refused))
        .try_collect::<Vec<_>>()
        .await?;
    ensure!(refused.len() == rows.iter().filter(|row| row["freq"] == "SECONDLY").count());
    tell(format_args!("{} rules of the oracle shown, {} by the second refused", rows.len(), refused.len()));
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judged {
    Right,
    Refused,
}

/// Whether the service shows a row as it is, from its start and from the middle on.
async fn judge(client: &Client, row: &Value) -> Result<Judged> {
    let ask = json!({"rrule": row["rrule"], "start": row["dtstart"], "timeZone": row["tzid"], "count": 20});
    let reply = preview(client, &ask).await?;
    if row["freq"] == "SECONDLY" {
        let failure = reply.failure();
        ensure!(reply.status == 400 && failure.reason == "FIELDS_INVALID" && failure.fields == ["rrule"], "{failure}");
        ensure!(failure.metadata.contains_key("position"), "{failure}");
        return Ok(Judged::Refused);
    }
    let expected = row["occurrences"].as_array().context("a list")?;
    let shown = occurrences(&reply)?;
    ensure!(shown == listed(expected), "{shown:?}");
    let answer: Value = serde_json::from_slice(&reply.body)?;
    ensure!(answer["exhausted"] == row["complete"] || expected.len() == 20, "{answer}");
    if let Some(middle) = expected.get(expected.len() / 2) {
        let mut ask = ask;
        ask["after"] = middle["utc"].clone();
        let rest = listed(&expected[expected.len() / 2 + 1..]);
        let shown = occurrences(&preview(client, &ask).await?)?;
        ensure!(shown.starts_with(&rest), "after the middle: {shown:?}");
        ensure!(shown.len() == rest.len() || row["complete"] == false, "more after the last: {shown:?}");
    }
    Ok(Judged::Right)
}

/// The instants of an answer, and the wall times with their offsets.
fn occurrences(reply: &HttpReply) -> Result<Vec<(String, String)>> {
    ensure!(reply.status == 200, "{}", reply.failure());
    let answer: Value = serde_json::from_slice(&reply.body)?;
    let shown = answer["occurrences"].as_array().context("a list")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(shown.iter().map(|one| (text(&one["instant"]), text(&one["local"]) + &text(&one["offset"]))).collect())
}

/// The same of a row, which writes an offset of nothing as `Z` or as `+00:00`.
fn listed(expected: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().replace('Z', "+00:00");
    expected.iter().map(|one| (one["utc"].as_str().unwrap_or_default().to_owned(), text(&one["local"]))).collect()
}

async fn preview(client: &Client, ask: &Value) -> Result<HttpReply> {
    Ok(client.http(RestRequest::new(Method::POST, "/v1/schedules:preview").with_body(ask.to_string())).await?)
}

#[tokio::test]
async fn rules_written_to_hurt_are_answered_and_leave_the_service_as_it_was() -> Result<()> {
    let target = Target::start(Mode::Single).await?;
    let Target::Single(process) = &target else { anyhow::bail!("it is one process") };
    let (_, client) = target.person(Face::Rest, "hostile").await?;
    let schedule = ordinary_schedule(&client).await?;
    // What an ordinary long answer takes is not growth.
    for _ in 0..CONNECTIONS {
        preview(&client, &asked("FREQ=DAILY", "2026-01-01T09:00:00")).await?;
    }
    forget_peak(process.pid())?;
    let before = peak_kib(process.pid())?;
    for (what, rrule) in hostile_rules() {
        for start in ["0001-01-01T00:00:00", "2026-01-01T00:00:00", "9999-12-31T23:59:59"] {
            let took =
                answered(&client, &asked(&rrule, start)).await.with_context(|| format!("{what} from {start}"))?;
            tell(format_args!("{took:>8.1?}  {what} from {start}"));
        }
        refused_or_made(&client, &rrule).await.with_context(|| what.clone())?;
    }
    let grown = peak_kib(process.pid())?.saturating_sub(before);
    tell(format_args!("the process grew by {grown} KiB"));
    ensure!(grown < GROWTH_KIB, "the process grew by {grown} KiB");
    let again = client.get_schedule(&schedule).await?;
    ensure!(again.next_occurrence() == "2027-03-31T09:00:00", "{again:?}");
    ensure!(client.http(RestRequest::new(Method::GET, "/readyz")).await?.status == 200);
    Ok(())
}

fn asked(rrule: &str, start: &str) -> Value {
    json!({"rrule": rrule, "start": start, "timeZone": "America/New_York", "count": 1000})
}

/// How long an answer took, which is a refusal that names the rules, or a preview that hides nothing.
async fn answered(client: &Client, ask: &Value) -> Result<Duration> {
    let started = Instant::now();
    let reply = tokio::time::timeout(HANG, preview(client, ask)).await.context("a hang")??;
    let took = started.elapsed();
    if reply.status != 200 {
        let failure = reply.failure();
        ensure!(failure.is_callers_fault() && failure.fields == ["rrule"], "{failure}");
        return Ok(took);
    }
    let answer: Value = serde_json::from_slice(&reply.body)?;
    let shown = answer["occurrences"].as_array().context("a list")?.len();
    let warned = answer["warnings"].as_array().is_some_and(|warnings| !warnings.is_empty());
    // Nothing to show wants a word why.
    ensure!(shown > 0 || warned, "{answer}");
    Ok(took)
}

/// A schedule with these rules is refused for the rules' sake, or made.
async fn refused_or_made(client: &Client, rrule: &str) -> Result<()> {
    let task = client.create_task(task()).await?;
    let body = json!({"taskId": task.id, "rrule": rrule});
    let create = RestRequest::new(Method::POST, "/v1/schedules").with_body(body.to_string());
    let reply = tokio::time::timeout(HANG, client.http(create)).await.context("a hang")??;
    if reply.status != 200 {
        let failure = reply.failure();
        ensure!(failure.is_callers_fault() && failure.fields == ["schedule.rrule"], "{failure}");
    }
    Ok(())
}

async fn ordinary_schedule(client: &Client) -> Result<String> {
    let task = client.create_task(task()).await?;
    let (task_id, rrule) = (Some(task.id), Some("FREQ=WEEKLY".to_owned()));
    Ok(client.create_schedule(Schedule { task_id, rrule, ..Schedule::default() }, "").await?.id)
}

fn task() -> Task {
    let value = Some(task_time::Value::LocalTime("2027-03-24T09:00:00".to_owned()));
    let due = Some(TaskTime { value, time_zone: "Europe/Berlin".to_owned() });
    Task { title: Some("Water the plants".to_owned()), due, ..Task::default() }
}

/// Has the kernel forget the most memory that a process has held: hashing a password took more than any rule should.
fn forget_peak(pid: u32) -> Result<()> {
    Ok(std::fs::write(format!("/proc/{pid}/clear_refs"), "5")?)
}

/// The most memory that a process has held since.
fn peak_kib(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).context("no VmHWM")?;
    Ok(line.split_whitespace().nth(1).unwrap_or_default().parse()?)
}
