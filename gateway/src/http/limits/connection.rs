//! What is known of one connection while it is open: whether it has a call under way, and since when it is quiet.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Who is at the other end: the client, or a proxy before it.
    pub(crate) peer: IpAddr,
    opened: Instant,
    calls: AtomicU32,
    /// Whether it ever made a call.
    useful: AtomicBool,
    /// When its last call ended, in milliseconds since it was opened.
    quiet_since_ms: AtomicU64,
    /// When the head of a request began to come in (HTTP/1), in milliseconds since it was opened and one more; 0 is none.
    head_since_ms: AtomicU64,
    closing: CancellationToken,
}

/// How a quiet connection ranks among those that may be closed: the least first.
pub(super) type Rank = (bool, Instant);

impl Connection {
    pub(super) fn new(peer: IpAddr) -> Self {
        Self {
            peer,
            opened: Instant::now(),
            calls: AtomicU32::new(0),
            useful: AtomicBool::new(false),
            quiet_since_ms: AtomicU64::new(0),
            head_since_ms: AtomicU64::new(0),
            closing: CancellationToken::new(),
        }
    }

    /// A call begins; it ends when what is returned is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> OpenCall {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.useful.store(true, Ordering::Relaxed);
        self.head_since_ms.store(0, Ordering::Relaxed);
        OpenCall(self.clone())
    }

    /// Notes that bytes came in.
    pub(super) fn heard(&self) {
        if self.is_quiet() && self.head_since_ms.load(Ordering::Relaxed) == 0 {
            self.head_since_ms.store(self.now_ms() + 1, Ordering::Relaxed);
        }
    }

    /// Whether it has no call under way.
    pub(crate) fn is_quiet(&self) -> bool {
        self.calls.load(Ordering::Relaxed) == 0
    }

    /// Where it stands among those that may be closed to make room: first those that never made a call, then those that
    /// are quiet for longest. None while it has a call.
    pub(super) fn rank(&self) -> Option<Rank> {
        let since = self.opened + Duration::from_millis(self.quiet_since_ms.load(Ordering::Relaxed));
        self.is_quiet().then(|| (self.useful.load(Ordering::Relaxed), since))
    }

    /// Has it closed at once.
    pub(super) fn close(&self) {
        self.closing.cancel();
    }

    /// Returns when it is to be closed at once.
    pub(crate) async fn closed(&self) {
        self.closing.cancelled().await;
    }

    /// Returns when it made no call for `idle`, or took longer than `head` to say what call it makes.
    pub(crate) async fn useless(&self, idle: Duration, head: Duration) {
        loop {
            tokio::time::sleep(idle.min(head)).await;
            let now = self.now_ms();
            let longer_than = |since: u64, limit: Duration| u128::from(now.saturating_sub(since)) >= limit.as_millis();
            let head_since = self.head_since_ms.load(Ordering::Relaxed);
            let slow = head_since > 0 && longer_than(head_since - 1, head);
            if self.is_quiet() && (slow || longer_than(self.quiet_since_ms.load(Ordering::Relaxed), idle)) {
                metrics::counter!("gateway_cut_off_total", "what" => if slow { "head" } else { "idle" }).increment(1);
                return;
            }
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A call under way on a connection.
#[derive(Debug)]
pub(crate) struct OpenCall(Arc<Connection>);

impl OpenCall {
    /// Who is at the other end of its connection.
    pub(crate) fn peer(&self) -> IpAddr {
        self.0.peer
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.0.quiet_since_ms.store(self.0.now_ms(), Ordering::Relaxed);
        self.0.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Arc<Connection> {
        Arc::new(Connection::new(IpAddr::from([192, 0, 2, 1])))
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_useless_once_it_made_no_call_for_long() {
        let (connection, start) = (connection(), Instant::now());
        let call = connection.begin();
        let watched = connection.clone();
        let mut watching = tokio::task::JoinSet::new();
        watching.spawn(async move { watched.useless(Duration::from_secs(10), Duration::from_secs(60)).await });
        tokio::time::advance(Duration::from_secs(25)).await;
        drop(call);
        watching.join_next().await.expect("one").expect("no panic");
        assert_eq!(start.elapsed(), Duration::from_secs(35), "ten quiet seconds after its last call");
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_comes_slowly_ends_sooner() {
        let (connection, start) = (connection(), Instant::now());
        connection.heard();
        connection.useless(Duration::from_secs(60), Duration::from_secs(5)).await;
        assert_eq!(start.elapsed(), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_called_goes_first_then_who_is_quiet_for_longest() {
        let (older, newer, never, busy) = (connection(), connection(), connection(), connection());
        let calls = [older.begin(), newer.begin(), busy.begin()];
        let [first, second, third] = calls;
        drop(first);
        tokio::time::advance(Duration::from_secs(1)).await;
        drop(second);
        assert!(never.rank() < older.rank() && older.rank() < newer.rank());
        assert_eq!(busy.rank(), None);
        drop(third);
    }
}
