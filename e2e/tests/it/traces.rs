//! One reminder's trace, from the REST call that made it to the webhook's receipt, as a collector sees it.

use std::collections::HashSet;

use anyhow::{Context, Result, ensure};
use e2e::{Collector, Face, Mode, Receiver, SeenSpan, Target};
use mesh_proto::{
    notify::v1::{Channel, WebhookTarget},
    scheduler::v1::Reminder,
    task::v1::Task,
};
use mesh_testkit::eventually;
use mesh_types::{Clock, SystemClock};

in_both_modes! {
    a_reminder_is_one_trace_from_the_call_to_the_receipt;
    without_a_collector_a_receiver_is_told_of_no_trace;
}

/// What a reminder goes through, each under the one before: who does it in a mesh, and what it is called.
const WAY: [(&str, &str); 8] = [
    ("gateway", "taskmesh.scheduler.v1.SchedulerService/CreateReminder"),
    ("scheduler-svc", "taskmesh.scheduler.v1.SchedulerService/CreateReminder"),
    ("scheduler-svc", "fire reminder"),
    ("scheduler-svc", "publish reminder.fired"),
    ("notify-svc", "process reminder.fired"),
    ("notify-svc", "POST webhook"),
    // Beside it: the record is told by the bus, too.
    ("scheduler-svc", "publish reminder.created"),
    ("audit-svc", "process reminder.created"),
];

async fn a_reminder_is_one_trace_from_the_call_to_the_receipt(mode: Mode) -> Result<()> {
    let collector = Collector::start().await?;
    let target = Target::traced(mode, collector.url()).await?;
    let (_, client) = target.person(Face::Rest, "traced").await?;
    let receiver = Receiver::start(&[]).await?;
    client.create_channel(webhook(&receiver.url()), "").await?;
    let task = client.create_task(Task { title: Some("To be followed".to_owned()), ..Task::default() }).await?;
    client.create_reminder(&task.id, due_now(), "").await?;

    let receipt = eventually(async || receiver.receipts().pop()).await;
    let told: Vec<_> = receipt.trace_parent.split('-').collect();
    let [_, trace_id, span_id, "01"] = told[..] else { anyhow::bail!("no sampled traceparent: {receipt:?}") };
    let spans = eventually(async || whole(collector.trace(trace_id), mode)).await;
    let post = spans.iter().find(|span| span.span_id == span_id).context("the receiver was told another span")?;
    ensure!(post.name == "POST webhook" && !post.failed, "{post:?}");
    ensure!(path_to(post, &spans) == WAY[..6].iter().map(|(_, name)| *name).collect::<Vec<_>>(), "{spans:#?}");
    let recorded = spans.iter().find(|span| span.name == "process reminder.created").context("the record's part")?;
    ensure!(path_to(recorded, &spans)[1..3] == [WAY[1].1, "publish reminder.created"], "{spans:#?}");
    ensure!(spans.iter().all(|span| span.begun <= span.ended), "{spans:#?}");
    Ok(())
}

async fn without_a_collector_a_receiver_is_told_of_no_trace(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (_, client) = target.person(Face::Rest, "untraced").await?;
    let receiver = Receiver::start(&[]).await?;
    client.create_channel(webhook(&receiver.url()), "").await?;
    let task = client.create_task(Task { title: Some("Not followed".to_owned()), ..Task::default() }).await?;
    client.create_reminder(&task.id, due_now(), "").await?;
    let receipt = eventually(async || receiver.receipts().pop()).await;
    ensure!(receipt.trace_parent.is_empty(), "{receipt:?}");
    Ok(())
}

/// The spans, once all of the way are among them.
fn whole(spans: Vec<SeenSpan>, mode: Mode) -> Result<Vec<SeenSpan>, String> {
    let service = |name: &'static str| if mode == Mode::Single { "taskmesh" } else { name };
    let seen: HashSet<_> = spans.iter().map(|span| (span.service.as_str(), span.name.as_str())).collect();
    match WAY.iter().find(|(by, name)| !seen.contains(&(service(by), *name))) {
        Some(missing) => Err(format!("{missing:?} is not in {spans:#?}")),
        None => Ok(spans),
    }
}

/// The names from the root of the trace down to this span.
fn path_to<'a>(span: &'a SeenSpan, spans: &'a [SeenSpan]) -> Vec<&'a str> {
    let above = |span: &&'a SeenSpan| spans.iter().find(|other| other.span_id == span.parent_id);
    let mut path: Vec<_> = std::iter::successors(Some(span), above).map(|span| span.name.as_str()).collect();
    path.reverse();
    path
}

fn webhook(url: &str) -> Channel {
    let target = WebhookTarget { url: Some(url.to_owned()), ..WebhookTarget::default() };
    Channel { name: Some("my program".to_owned()), webhook: Some(target), ..Channel::default() }
}

fn due_now() -> Reminder {
    let (seconds, nanos) = SystemClock.now().to_parts();
    Reminder { at: Some(prost_types::Timestamp { seconds, nanos }), ..Reminder::default() }
}
