//! A program is told, too: by a signed request, and again if it does not take the first.

use anyhow::{Context, Result, ensure};
use e2e::{Client, Face, Mode, Receipt, Receiver, Target};
use futures::future::try_join_all;
use http::StatusCode;
use mesh_proto::{
    notify::v1::{AttemptOutcome, Channel, ChannelKind, Delivery, DeliveryState, WebhookTarget},
    scheduler::v1::Reminder,
    task::v1::Task,
};
use mesh_testkit::eventually;
use mesh_types::{Clock, SystemClock};

in_both_modes! {
    a_webhook_is_told_of_a_reminder_and_can_tell_that_it_is_ours;
    a_webhook_that_fails_is_tried_again_by_the_same_id;
    an_address_of_the_operators_own_network_is_refused;
}

async fn a_webhook_is_told_of_a_reminder_and_can_tell_that_it_is_ours(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    try_join_all(Face::ALL.map(async |face| told(target, face).await)).await.map(drop)
}

async fn told(target: &Target, face: Face) -> Result<()> {
    let receiver = Receiver::start(&[]).await?;
    let (_, client) = target.person(face, "hooked").await?;
    let channel = client.create_channel(webhook(&receiver.url()), "").await?;
    let secret = channel.webhook.as_ref().map(|target| target.secret.clone()).unwrap_or_default();
    ensure!(channel.kind() == ChannelKind::Webhook && secret.starts_with("whsec_"), "{channel:?}");

    let reminder = remind(&client).await?;
    let receipt = receipts(&receiver, 1).await.remove(0);
    ensure!(receipt.is_signed_by(&secret)?, "{receipt:?}");
    let body: serde_json::Value = serde_json::from_slice(&receipt.body)?;
    ensure!(body["type"] == "reminder.fired" && body["timestamp"].is_string(), "{body}");
    let inbox = client.all_notifications().await?;
    ensure!(inbox.len() == 1 && body.to_string().contains(&inbox[0].id), "{body}, {inbox:?}");
    ensure!(inbox[0].reminder_id() == reminder.id, "{inbox:?}");

    let delivery = delivered(&client).await;
    ensure!(delivery.id == receipt.id && delivery.channel_id == channel.id, "{delivery:?} of {receipt:?}");
    ensure!(delivery.notification_ids == [inbox[0].id.clone()] && delivery.attempt_count == 1, "{delivery:?}");
    ensure!(receiver.receipts().len() == 1);
    Ok(())
}

async fn a_webhook_that_fails_is_tried_again_by_the_same_id(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let receiver = Receiver::start(&[StatusCode::INTERNAL_SERVER_ERROR]).await?;
    let (_, client) = target.person(Face::Rest, "retried").await?;
    client.create_channel(webhook(&receiver.url()), "").await?;
    remind(&client).await?;
    let receipts = receipts(&receiver, 2).await;
    ensure!(receipts[0].id == receipts[1].id && receipts[0].body == receipts[1].body, "{receipts:?}");
    let delivery = delivered(&client).await;
    let outcomes: Vec<_> = delivery.attempts.iter().map(|attempt| (attempt.outcome(), attempt.status_code)).collect();
    ensure!(outcomes == [(AttemptOutcome::Refused, 500), (AttemptOutcome::Delivered, 204)], "{delivery:?}");
    Ok(())
}

async fn an_address_of_the_operators_own_network_is_refused(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (_, client) = target.person(Face::Rest, "inside").await?;
    for url in
        ["http://10.0.0.1/", "http://[::ffff:192.168.0.1]/", "http://169.254.169.254/latest", "file:///etc/passwd"]
    {
        let failure =
            client.create_channel(webhook(url), "").await.err().with_context(|| format!("{url} was taken"))?;
        ensure!(failure.code == tonic::Code::InvalidArgument, "{url}: {failure:?}");
    }
    Ok(())
}

fn webhook(url: &str) -> Channel {
    let target = WebhookTarget { url: Some(url.to_owned()), ..WebhookTarget::default() };
    Channel { name: Some("my program".to_owned()), webhook: Some(target), ..Channel::default() }
}

/// A reminder that is due at once.
async fn remind(client: &Client) -> Result<Reminder> {
    let task = client.create_task(Task { title: Some("Tell a program".to_owned()), ..Task::default() }).await?;
    let (seconds, nanos) = SystemClock.now().to_parts();
    let at = Some(prost_types::Timestamp { seconds, nanos });
    Ok(client.create_reminder(&task.id, Reminder { at, ..Reminder::default() }, "").await?)
}

async fn receipts(receiver: &Receiver, count: usize) -> Vec<Receipt> {
    eventually(async || {
        let receipts = receiver.receipts();
        if receipts.len() >= count { Ok(receipts) } else { Err(receipts) }
    })
    .await
}

/// The person's only delivery, once it has arrived.
async fn delivered(client: &Client) -> Delivery {
    eventually(async || {
        let deliveries = client.all_deliveries().await.map_err(|failure| format!("{failure:?}"))?;
        match deliveries.as_slice() {
            [one] if one.state() == DeliveryState::Delivered => Ok(one.clone()),
            other => Err(format!("{other:?}")),
        }
    })
    .await
}
