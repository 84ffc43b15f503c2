//! The program that takes the users' webhooks: it checks every signature, counts every receipt, and sometimes refuses
//! the first attempt.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use bytes::Bytes;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinSet};

use crate::webhook;

/// One in so many deliveries is refused at first.
const REFUSED: u32 = 8;

/// One request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// `webhook-id`: the delivery's id.
    pub delivery_id: String,
    /// The notification that its body is about.
    pub notification_id: String,
    /// What was wrong with it, if anything.
    pub fault: Option<String>,
    /// Whether it was taken, or refused to see it come again.
    pub taken: bool,
}

/// Takes webhooks until dropped.
#[derive(Debug)]
pub(super) struct Receiver {
    address: SocketAddr,
    book: Arc<Mutex<Book>>,
    _serving: JoinSet<()>,
}

/// What came, by the path it came to.
#[derive(Debug, Default)]
struct Book {
    secrets: BTreeMap<String, String>,
    receipts: BTreeMap<String, Vec<Receipt>>,
}

impl Receiver {
    /// Listens on a free port.
    pub(super) async fn start() -> Result<Self> {
        let book: Arc<Mutex<Book>> = Arc::default();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let app = Router::new().route("/{place}", post(receive)).with_state(Arc::clone(&book));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { address, book, _serving: serving })
    }

    /// Where webhooks for `place` go.
    pub(super) fn url(&self, place: &str) -> String {
        format!("http://{}/{place}", self.address)
    }

    /// From now on, what comes to `place` must be signed with this secret.
    pub(super) fn expect(&self, place: &str, secret: &str) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.secrets.insert(place.to_owned(), secret.to_owned());
    }

    /// What has come to `place` so far.
    pub(super) fn receipts(&self, place: &str) -> Vec<Receipt> {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.receipts.get(place).cloned().unwrap_or_default()
    }
}

async fn receive(
    State(book): State<Arc<Mutex<Book>>>,
    Path(place): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
    let secret = book.secrets.get(&place).cloned().unwrap_or_default();
    let mut receipt = read(&secret, &headers, body);
    let earlier = book.receipts.entry(place).or_default();
    let first = earlier.iter().all(|earlier| earlier.delivery_id != receipt.delivery_id);
    receipt.taken = !(first && is_refused(&receipt.delivery_id));
    let status = if receipt.taken { StatusCode::NO_CONTENT } else { StatusCode::SERVICE_UNAVAILABLE };
    earlier.push(receipt);
    status
}

fn read(secret: &str, headers: &HeaderMap, body: Bytes) -> Receipt {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let json: Value = serde_json::from_slice(&body).unwrap_or_default();
    let notification_id = json["data"]["id"].as_str().unwrap_or_default().to_owned();
    let came = webhook::Receipt {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        trace_parent: header("traceparent"),
        body,
        answered: StatusCode::NO_CONTENT,
    };
    let fault = match came.is_signed_by(secret) {
        Ok(true) if !came.id.is_empty() && !notification_id.is_empty() => None,
        Ok(true) => Some(format!("no webhook-id, or no notification in {json}")),
        Ok(false) => Some("the signature is not that of the message".to_owned()),
        Err(error) => Some(format!("{error:#}")),
    };
    Receipt { delivery_id: came.id, notification_id, fault, taken: false }
}

/// Which deliveries are refused at first follows from their ids alone.
fn is_refused(delivery_id: &str) -> bool {
    let sum: u32 = delivery_id.bytes().map(u32::from).sum();
    sum.is_multiple_of(REFUSED)
}
