//! A program that takes webhooks, as a person would run it: it answers as it is told to and keeps what came.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tokio::{net::TcpListener, task::JoinHandle};

/// One request that came.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// `webhook-id`: the delivery's.
    pub id: String,
    /// `webhook-timestamp`: when it was signed, in seconds.
    pub timestamp: String,
    /// `webhook-signature`: one or more, with their versions.
    pub signature: String,
    /// `traceparent`: the trace of what led to it; empty if it has none.
    pub trace_parent: String,
    /// The body.
    pub body: Bytes,
    /// What it was answered with.
    pub answered: StatusCode,
}

impl Receipt {
    /// Whether one of its signatures is by `secret` (`whsec_…`), as Standard Webhooks has it.
    ///
    /// # Errors
    /// When that is no secret.
    pub fn is_signed_by(&self, secret: &str) -> Result<bool> {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").context("no secret of a webhook")?)?;
        let mut hmac = Hmac::<Sha256>::new_from_slice(&key)?;
        hmac.update(format!("{}.{}.", self.id, self.timestamp).as_bytes());
        hmac.update(&self.body);
        let expected = format!("v1,{}", STANDARD.encode(hmac.finalize().into_bytes()));
        Ok(self.signature.split(' ').any(|signature| signature == expected))
    }
}

/// A running receiver. It ends when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<std::io::Result<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    answers: Mutex<VecDeque<StatusCode>>,
    receipts: Mutex<Vec<Receipt>>,
}

impl Receiver {
    /// Starts one on a free port of this machine. It answers with `answers`, one after the other, and then always 204.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(answers: &[StatusCode]) -> Result<Self> {
        let shared = Arc::new(Shared { answers: Mutex::new(answers.iter().copied().collect()), ..Shared::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        #[expect(clippy::disallowed_methods, reason = "a test's own task, aborted when the receiver is dropped")]
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, shared, serving })
    }

    /// Where webhooks are to be sent.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// What came so far, in order.
    pub fn receipts(&self) -> Vec<Receipt> {
        self.shared.receipts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let next = shared.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let answered = next.unwrap_or(StatusCode::NO_CONTENT);
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (id, timestamp, signature) = (text("webhook-id"), text("webhook-timestamp"), text("webhook-signature"));
    let receipt = Receipt { id, timestamp, signature, trace_parent: text("traceparent"), body, answered };
    shared.receipts.lock().unwrap_or_else(PoisonError::into_inner).push(receipt);
    answered
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    #[test]
    fn a_signature_is_checked_as_the_standard_says() {
        let receipt = Receipt {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned(),
            timestamp: "1614265330".to_owned(),
            signature: "v1,nonsense v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned(),
            trace_parent: String::new(),
            body: Bytes::from_static(br#"{"test": 2432232314}"#),
            answered: StatusCode::NO_CONTENT,
        };
        assert!(receipt.is_signed_by("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret"));
        assert!(!receipt.is_signed_by("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("a secret"));
    }
}
