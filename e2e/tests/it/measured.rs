//! What dashboards and alerts ask for is there: every metric that they name is shown by a running Taskmesh.

use anyhow::{Context, Result, ensure};
use e2e::{Face, Mode, Receiver, Target};
use futures::StreamExt;
use mesh_proto::{
    notify::v1::{Channel, WebhookTarget},
    scheduler::v1::Reminder,
    task::v1::Task,
};
use mesh_testkit::eventually;
use mesh_types::{Clock, SystemClock};
use xtask::workspace::Workspace;

in_both_modes! {
    every_metric_of_dashboards_and_alerts_is_shown;
}

async fn every_metric_of_dashboards_and_alerts_is_shown(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let receiver = Receiver::start(&[]).await?;
    let (_, client) = target.person(Face::Rest, "measured").await?;
    let mut watch = client.watch_tasks("").await?;
    let webhook = WebhookTarget { url: Some(receiver.url()), ..WebhookTarget::default() };
    let channel = Channel { name: Some("a program".to_owned()), webhook: Some(webhook), ..Channel::default() };
    client.create_channel(channel, "").await?;
    let task = client.create_task(Task { title: Some("To be counted".to_owned()), ..Task::default() }).await?;
    let (seconds, nanos) = SystemClock.now().to_parts();
    let at = Some(prost_types::Timestamp { seconds, nanos });
    client.create_reminder(&task.id, Reminder { at, ..Reminder::default() }, "").await?;
    watch.next().await.context("a watch begins with its position")??;

    let used = tokio::task::spawn_blocking(|| xtask::deployment::metrics_used(&Workspace::locate()?)).await??;
    ensure!(used.len() > 30, "{used:?}");
    eventually(async || {
        let shown = target.metrics().await.map_err(|error| error.to_string())?;
        let missing: Vec<_> = used.iter().filter(|name| !is_shown(&shown, name)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("{missing:?} not in\n{shown}")) }
    })
    .await;
    Ok(())
}

/// Whether there is a sample of this name.
fn is_shown(shown: &str, name: &str) -> bool {
    let sample = |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
    shown.lines().any(sample)
}
