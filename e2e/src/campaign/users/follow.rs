//! Following a stream through every break: it is resumed by its last token through another gateway, and what it says it
//! cannot resume is listed again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use tokio::time::timeout;
use tonic::Code;

use super::caller::Caller;
use crate::{
    Client, Failure, Messages,
    campaign::{pause, record::Versioned},
};

/// A stream that says nothing for so long, not even that it is alive (every 15 s), is dead.
const SILENCE: Duration = Duration::from_secs(25);
/// How long a stream may take to open: less than a process stays frozen.
const OPENING: Duration = Duration::from_secs(5);

/// A kind of stream.
pub(in crate::campaign) trait Followed: Send + Sync + 'static {
    type Item: Versioned + Clone + Send;
    type Message: Send;

    fn open(client: &Client, token: &str) -> impl Future<Output = Result<Messages<Self::Message>, Failure>> + Send;
    fn list(caller: &Caller) -> impl Future<Output = Option<Vec<Self::Item>>> + Send;
    /// What a message tells, and the token after it.
    fn read(message: Self::Message) -> (Told<Self::Item>, String);
    /// Whether a thing is told as being gone.
    fn is_gone(item: &Self::Item) -> bool;
}

/// What a message tells.
#[derive(Debug)]
pub(in crate::campaign) enum Told<T> {
    Position,
    Changed(T),
    Gone(String, i64),
    Nothing,
}

/// What a follower knows.
#[derive(Clone, Debug)]
pub struct Known<T> {
    /// The newest version of each thing, and the thing itself unless it is gone.
    pub items: BTreeMap<String, (i64, Option<T>)>,
    /// How often the stream was resumed.
    pub resumed: usize,
    /// How often it could not be, and everything was listed again.
    pub resyncs: usize,
    /// How often the stream told a version that was known already.
    pub told_again: usize,
    /// Ends of streams that no client could make sense of.
    pub oddities: Vec<String>,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self { items: BTreeMap::new(), resumed: 0, resyncs: 0, told_again: 0, oddities: Vec::new() }
    }
}

/// What a follower knows, shared with the checker.
pub(in crate::campaign) type Shared<T> = Arc<Mutex<Known<T>>>;

/// Follows for ever.
pub(in crate::campaign) async fn follow<F: Followed>(caller: Caller, known: Shared<F::Item>) {
    let mut token = String::new();
    loop {
        let failure = follow_one::<F>(&caller, &known, &mut token).await;
        let with =
            |change: &dyn Fn(&mut Known<F::Item>)| change(&mut known.lock().unwrap_or_else(PoisonError::into_inner));
        if failure.code == Code::OutOfRange && failure.reason == "RESYNC_REQUIRED" {
            with(&|known| known.resyncs += 1);
            token.clear();
        } else if failure.is_passing() {
            with(&|known| known.resumed += 1);
        } else if failure.code == Code::Unauthenticated && failure.reason == "TOKEN_EXPIRED" {
            // The stream outlived the token that the gateway had exchanged; the next one has another.
            with(&|known| known.resumed += 1);
        } else {
            with(&|known| known.oddities.push(format!("a stream ended with {failure:?}")));
        }
        pause(Duration::from_millis(100)).await;
    }
}

/// Follows one stream to its end. A stream that begins anew is followed by a list, as the contract asks for.
async fn follow_one<F: Followed>(caller: &Caller, known: &Shared<F::Item>, token: &mut String) -> Failure {
    let anew = token.is_empty();
    let mut messages = match timeout(OPENING, F::open(caller.next_client(), token)).await {
        Ok(Ok(messages)) => messages,
        Ok(Err(failure)) => return failure,
        Err(_) => return Failure::broken("the stream did not open in time"),
    };
    loop {
        let message = match timeout(SILENCE, messages.next()).await {
            Ok(Some(Ok(message))) => message,
            Ok(Some(Err(failure))) => return failure,
            Ok(None) => return Failure::broken("the stream ended without a word"),
            Err(_) => return Failure::broken("the stream fell silent"),
        };
        let (told, next) = F::read(message);
        match told {
            Told::Position if anew => match F::list(caller).await {
                Some(items) => items.into_iter().for_each(|item| _ = merge::<F>(known, item)),
                None => return Failure::broken("the list was not answered"),
            },
            Told::Changed(item) => count_again(known, merge::<F>(known, item)),
            Told::Gone(id, version) => count_again(known, insert(known, id, version, None)),
            _ => {}
        }
        *token = next;
    }
}

/// Takes in what is newer than what is known; says whether it is.
fn merge<F: Followed>(known: &Shared<F::Item>, item: F::Item) -> bool {
    let (id, version, gone) = (item.id().to_owned(), item.version(), F::is_gone(&item));
    insert(known, id, version, (!gone).then_some(item))
}

fn insert<T>(known: &Shared<T>, id: String, version: i64, item: Option<T>) -> bool {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    let newer = known.items.get(&id).is_none_or(|(newest, _)| version > *newest);
    if newer {
        known.items.insert(id, (version, item));
    }
    newer
}

fn count_again<T>(known: &Shared<T>, newer: bool) {
    if !newer {
        known.lock().unwrap_or_else(PoisonError::into_inner).told_again += 1;
    }
}
