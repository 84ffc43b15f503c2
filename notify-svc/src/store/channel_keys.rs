//! The keys of channels. They leave the database to sign, and for no other reason.

use std::collections::HashMap;

use mesh_store::{Sql, StoreError, Transaction};
use mesh_types::Timestamp;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::domain::{Channel, WebhookKeys, WebhookSecret};

/// Adds the key that this version of `channel` made. The one before it signs for a while; those that do no longer go, and
/// those of which there are too many.
pub(super) async fn add(
    transaction: &Transaction,
    channel: &Channel,
    secret: &WebhookSecret,
    now: Timestamp,
) -> Result<(), StoreError> {
    const PRUNE: Sql = Sql::both(
        "DELETE FROM channel_key WHERE channel_id = $1 AND (signs_until_us <= $2 OR version NOT IN
             (SELECT version FROM channel_key WHERE channel_id = $1 ORDER BY version DESC LIMIT $3))",
    );
    const REPLACE: Sql =
        Sql::both("UPDATE channel_key SET signs_until_us = $2 WHERE channel_id = $1 AND signs_until_us IS NULL");
    const ADD: Sql = Sql::both("INSERT INTO channel_key (channel_id, version, secret) VALUES ($1, $2, $3)");
    let kept = WebhookKeys::MOST as i64 - 1;
    PRUNE.run(transaction, [channel.id.into(), now.as_micros().into(), kept.into()]).await?;
    REPLACE.run(transaction, [channel.id.into(), now.plus(WebhookKeys::OVERLAP).as_micros().into()]).await?;
    let secret = secret.expose_bytes().to_vec();
    ADD.run(transaction, [channel.id.into(), channel.version.into(), secret.into()]).await?;
    Ok(())
}

/// The keys that sign for these channels at `now`.
pub(super) async fn signing(
    connection: &impl ConnectionTrait,
    channels: &[Channel],
    now: Timestamp,
) -> Result<HashMap<Uuid, WebhookKeys>, StoreError> {
    const SIGNING: Sql = Sql {
        postgres: "
            SELECT channel_id, secret FROM channel_key
            WHERE channel_id IN (SELECT value::uuid FROM json_array_elements_text($1::json))
              AND (signs_until_us IS NULL OR signs_until_us > $2)
            ORDER BY channel_id, version DESC",
        sqlite: "
            SELECT channel_id, secret FROM channel_key
            WHERE channel_id IN (SELECT unhex(value, '-') FROM json_each($1))
              AND (signs_until_us IS NULL OR signs_until_us > $2)
            ORDER BY channel_id, version DESC",
    };
    let ids: serde_json::Value = channels.iter().map(|channel| serde_json::json!(channel.id)).collect();
    let mut secrets: HashMap<Uuid, Vec<WebhookSecret>> = HashMap::new();
    for row in SIGNING.all(connection, [ids.to_string().into(), now.as_micros().into()]).await? {
        let of_channel = secrets.entry(row.try_get("", "channel_id")?).or_default();
        if of_channel.len() < WebhookKeys::MOST {
            of_channel.push(WebhookSecret::new(row.try_get("", "secret")?));
        }
    }
    Ok(secrets.into_iter().map(|(id, secrets)| (id, WebhookKeys::new(secrets))).collect())
}
