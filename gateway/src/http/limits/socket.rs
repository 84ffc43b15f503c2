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
    time::{Instant, Sleep},
};

use super::Connection;

/// A socket.
pub(crate) struct Watched<S> {
    inner: S,
    /// Told of bytes that come in: of HTTP/1 only, as idle clients of HTTP/2 send frames, too.
    listener: Option<Arc<Connection>>,
    patience: Duration,
    /// Runs while nothing can be written.
    stalled: Option<Pin<Box<Sleep>>>,
    is_stalled: bool,
}

impl<S> Watched<S> {
    /// `inner`, on which writing may stall for `patience`.
    pub(crate) fn new(inner: S, listener: Option<Arc<Connection>>, patience: Duration) -> Self {
        Self { inner, listener, patience, stalled: None, is_stalled: false }
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
        let mut ours = Watched::new(ours, None, Duration::from_secs(30));
        let start = Instant::now();
        ours.write_all(b"1234").await.expect("there is room");
        let error = ours.write_all(b"5").await.expect_err("nobody reads");
        assert_eq!((error.kind(), start.elapsed()), (io::ErrorKind::TimedOut, Duration::from_secs(30)));
        theirs.read_exact(&mut [0; 4]).await.expect("what was written");
        ours.write_all(b"5").await.expect("somebody reads again");
    }
}
