//! Reads the first bytes of a connection within a time limit.
//!
//! hyper tells HTTP/1 from HTTP/2 by the first 24 bytes and waits for them without end; a client that opens
//! connections and says nothing would hold them all.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// What every HTTP/2 connection begins with.
const HTTP2: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream whose first bytes have been read already; they are read again first.
pub(super) struct Begun {
    first: [u8; HTTP2.len()],
    read: usize,
    given: usize,
    stream: TcpStream,
}

/// Waits until the connection's protocol is known.
///
/// # Errors
/// When it takes longer than `limit`, or the connection ends before.
pub(super) async fn begin(stream: TcpStream, limit: Duration) -> io::Result<Begun> {
    let mut begun = Begun { first: [0; HTTP2.len()], read: 0, given: 0, stream };
    tokio::time::timeout(limit, begun.fill()).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    Ok(begun)
}

impl Begun {
    /// Whether the client speaks HTTP/2.
    pub(super) fn is_http2(&self) -> bool {
        self.first == *HTTP2
    }

    /// Has the connection reset when it is closed: what was not read of it need not be kept.
    pub(super) fn reset_when_closed(&self) {
        let _ = self.stream.set_zero_linger();
    }

    async fn fill(&mut self) -> io::Result<()> {
        while self.read < HTTP2.len() && self.first[..self.read] == HTTP2[..self.read] {
            match self.stream.read(&mut self.first[self.read..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.read += count,
            }
        }
        Ok(())
    }
}

impl AsyncRead for Begun {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.given < self.read {
            let count = buffer.remaining().min(self.read - self.given);
            buffer.put_slice(&self.first[self.given..self.given + count]);
            self.given += count;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Begun {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
