//! One address of a service: its connection, kept alive as long as somebody holds the address, and how it is doing.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::uri::Authority;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::Instant,
};

use super::{
    connect::{Dial, Place, Sender},
    standing::Standing,
};

/// How long to wait before connecting again: first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// A connection that lasted so long was a good one: the next is made at once.
const STEADY: Duration = Duration::from_secs(1);

/// One address. Its connection ends when the last that holds it lets go, calls included.
#[derive(Debug)]
pub(super) struct Address {
    place: Place,
    authority: Authority,
    /// Calls under way.
    open: AtomicUsize,
    standing: Mutex<Standing>,
    link: Arc<Link>,
    _keeper: JoinSet<()>,
}

/// The connection, as its keeper left it.
#[derive(Debug)]
struct Link {
    state: Mutex<State>,
    /// Asks for the next attempt to connect at once.
    wanted: Notify,
}

/// How the connection is.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// It is being made.
    Connecting,
    /// It takes calls.
    Up(Sender),
    /// It could not be made at this time.
    Failed(Instant),
}

/// Whom the keeper of a connection tells of changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Listeners {
    /// Those that wait for a connection.
    pub(super) changed: watch::Sender<()>,
    /// Whoever looks for addresses.
    pub(super) look_again: Arc<Notify>,
}

impl Address {
    /// Connects from now on.
    pub(super) fn new(place: Place, authority: Authority, dial: Dial, listeners: Listeners) -> Arc<Self> {
        let link = Arc::new(Link { state: Mutex::new(State::Connecting), wanted: Notify::new() });
        let mut keeper = JoinSet::new();
        keeper.spawn(keep(Arc::clone(&link), dial, place.clone(), listeners));
        let (open, standing) = (AtomicUsize::new(0), Mutex::default());
        Arc::new(Self { place, authority, open, standing, link, _keeper: keeper })
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    pub(super) fn open_calls(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    pub(super) fn begin(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn standing(&self) -> MutexGuard<'_, Standing> {
        lock(&self.standing)
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(&*lock(&self.link.state), State::Up(sender) if !sender.is_closed())
    }

    /// When the last attempt to connect failed, if none is under way.
    pub(super) fn failed_at(&self) -> Option<Instant> {
        match &*lock(&self.link.state) {
            State::Failed(at) => Some(*at),
            _ => None,
        }
    }

    /// What sends calls, if it is connected.
    pub(super) fn sender(&self) -> Option<Sender> {
        match &*lock(&self.link.state) {
            State::Up(sender) => Some(sender.clone()),
            _ => None,
        }
    }

    /// Connects at once if that failed the last time.
    pub(super) fn want(&self) {
        if self.failed_at().is_some() {
            self.link.wanted.notify_one();
        }
    }
}

/// Keeps a connection.
async fn keep(link: Arc<Link>, dial: Dial, place: Place, listeners: Listeners) {
    let mut pause = FIRST_PAUSE;
    let tell = |state| {
        *lock(&link.state) = state;
        listeners.changed.send_replace(());
    };
    loop {
        match dial.connect(&place).await {
            Ok((sender, running)) => {
                tell(State::Up(sender));
                let begun = Instant::now();
                if let Err(error) = running.await {
                    tracing::debug!(error.detail = %error, upstream.place = ?place, "a connection broke");
                }
                if begun.elapsed() >= STEADY {
                    pause = FIRST_PAUSE;
                    tell(State::Connecting);
                    continue;
                }
            }
            Err(error) => tracing::debug!(error.detail = %error, upstream.place = ?place, "cannot connect"),
        }
        tell(State::Failed(Instant::now()));
        listeners.look_again.notify_one();
        let jittered = pause.mul_f64(0.5 + fastrand::f64() / 2.0);
        if tokio::time::timeout(jittered, link.wanted.notified()).await.is_err() {
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        tell(State::Connecting);
    }
}

/// The lock of `mutex`, even if somebody panicked in it: what it guards is whole at every moment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
