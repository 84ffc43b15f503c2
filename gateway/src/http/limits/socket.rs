//! A connection's socket under watch: who takes nothing of what is written is cut off, and it is noted when bytes come.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep},
};

use super::Connection;

/// How much the kernel may hold unsent. It would take megabytes: an answer would be done for us, and its connection idle,
/// while the client has not read a word.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 128 * 1024;

/// Has the kernel, too, hold little for a client that does not read, and not much longer than `patience`, also when we do
/// not look any more.
pub(crate) fn bound_kernel(stream: &TcpStream, patience: Duration) {
    #[cfg(target_os = "linux")]
    {
        let socket = socket2::SockRef::from(stream);
        let _ = socket.set_tcp_notsent_lowat(UNSENT_BYTES);
        let _ = socket.set_tcp_user_timeout(Some(patience * 2));
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (stream, patience);
}

/// A socket.
pub(crate) struct Watched<S> {
    inner: S,
    /// Told of bytes that come in: of HTTP/1 only, as idle clients of HTTP/2 send frames, too.
    listener: Option<Arc<Connection>>,
    patience: Duration,
    /// Done to the socket when its client is given up.
    give_up: fn(&S),
    /// Runs while nothing can be written.
    stalled: Option<Pin<Box<Sleep>>>,
    is_stalled: bool,
}

impl<S> Watched<S> {
    /// `inner`, on which writing may stall for `patience`.
    pub(crate) fn new(inner: S, listener: Option<Arc<Connection>>, patience: Duration, give_up: fn(&S)) -> Self {
        Self { inner, listener, patience, give_up, stalled: None, is_stalled: false }
    }

    /// What writing came to, or an error when it is stalled for too long.
    fn paced<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.is_stalled = false;
            return written;
        }
        let patience = self.patience;
        let sleep = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        if !self.is_stalled {
            self.is_stalled = true;
            sleep.as_mut().reset(Instant::now() + patience);
        }
        ready!(sleep.as_mut().poll(context));
        metrics::counter!("gateway_cut_off_total", "what" => "connection").increment(1);
        (self.give_up)(&self.inner);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(context, buffer);
        if let Some(listener) = &self.listener
            && buffer.filled().len() > before
        {
            listener.heard();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.paced(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, buffers);
        self.paced(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        self.paced(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.inner).poll_shutdown(context);
        self.paced(context, shut)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn writing_to_somebody_who_does_not_read_fails_in_the_end() {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let mut ours = Watched::new(ours, None, Duration::from_secs(30), |_| ());
        let start = Instant::now();
        ours.write_all(b"1234").await.expect("there is room");
        let error = ours.write_all(b"5").await.expect_err("nobody reads");
        assert_eq!((error.kind(), start.elapsed()), (io::ErrorKind::TimedOut, Duration::from_secs(30)));
        theirs.read_exact(&mut [0; 4]).await.expect("what was written");
        ours.write_all(b"5").await.expect("somebody reads again");
    }
}
