//! Keys of webhooks, and the signatures that they make (Standard Webhooks 1.0.0, `v1`).

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use mesh_types::Timestamp;
use sha2::Sha256;

/// A key that this service and a receiver share. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// How long a new key is, in bytes.
    pub const BYTES: usize = 32;

    /// The key of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes, to be stored.
    pub fn expose_bytes(&self) -> &[u8] {
        &self.0
    }

    /// `whsec_` and base64, to be told once.
    pub fn expose_text(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    /// The signature of a message that is sent at `time`.
    fn sign(&self, id: &str, time: Timestamp, body: &[u8]) -> String {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(format!("{id}.{}.", time.to_parts().0).as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// The keys that sign for a channel now: the newest, and those before it that still do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookKeys(Vec<WebhookSecret>);

impl WebhookKeys {
    /// How long a key signs after there is a newer one: receivers take that over at a time of their own.
    pub const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

    /// How many sign at most, however often keys are made.
    pub const MOST: usize = 4;

    /// These keys, newest first.
    pub fn new(secrets: Vec<WebhookSecret>) -> Self {
        Self(secrets)
    }

    /// The `webhook-signature` of a message that is sent at `now`.
    pub fn signatures(&self, id: &str, now: Timestamp, body: &[u8]) -> String {
        self.0.iter().map(|secret| secret.sign(id, now, body)).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_message_has_the_published_signature() {
        let bytes = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let secret = WebhookSecret::new(bytes);
        assert_eq!(secret.expose_text(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let time = Timestamp::from_parts(1_614_265_330, 0).expect("a time");
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_key_signs() {
        let secrets = [1, 2].map(|byte| WebhookSecret::new(vec![byte; 32]));
        let now = Timestamp::from_micros(0);
        let signatures = WebhookKeys::new(secrets.to_vec()).signatures("id", now, b"x");
        assert_eq!(signatures, secrets.map(|secret| secret.sign("id", now, b"x")).join(" "));
    }

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(format!("{:?}", WebhookSecret::new(vec![1; 32])), "***");
    }
}
