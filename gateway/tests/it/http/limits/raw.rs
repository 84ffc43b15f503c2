//! Connections spoken byte by byte, as no decent client would.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::super::world::World;

/// Kinds of frames (RFC 9113, section 6).
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const CONTINUATION: u8 = 9;

/// Flags of frames.
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// Codes of errors.
pub(super) const REFUSED_STREAM: u32 = 7;
pub(super) const CANCEL: u32 = 8;
pub(super) const ENHANCE_YOUR_CALM: u32 = 11;

/// A frame as it came.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// The error that a RST_STREAM or GOAWAY tells.
    pub(super) fn error(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().expect("four bytes"))
    }
}

/// An HTTP/2 connection.
pub(super) struct Http2(TcpStream);

impl Http2 {
    /// Connects and tells these settings.
    pub(super) async fn connect(world: &World, settings: &[(u16, u32)]) -> Self {
        let mut stream = TcpStream::connect(world.address).await.expect("it connects");
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("it is taken");
        let settings = settings.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat());
        let mut connection = Self(stream);
        connection.send(&frame(SETTINGS, 0, 0, &settings.collect::<Vec<_>>())).await;
        connection
    }

    /// Sends bytes; the other side may have hung up.
    pub(super) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes).await;
    }

    /// Sends bytes; whether they were taken.
    pub(super) async fn flood(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok()
    }

    /// The next frame; none at the end.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        let reading = async {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).await.ok()?;
            let [a, b, c, kind, _, stream @ ..] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            self.0.read_exact(&mut payload).await.ok()?;
            Some(Frame { kind, stream: u32::from_be_bytes(stream), payload })
        };
        tokio::time::timeout(Duration::from_secs(20), reading).await.expect("a frame or the end")
    }

    /// The first frame of this kind.
    pub(super) async fn find(&mut self, kind: u8) -> Frame {
        loop {
            let frame = self.next().await.expect("no end yet");
            if frame.kind == kind {
                return frame;
            }
        }
    }
}

/// A frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(payload.len()).expect("small").to_be_bytes();
    [&length[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header as HPACK writes it without compressing anything (RFC 7541, section 6.2.2).
pub(super) fn header(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| {
        assert!(text.len() < 127, "longer lengths are written otherwise");
        [&[u8::try_from(text.len()).expect("short")], text.as_bytes()].concat()
    };
    [&[0][..], &text(name), &text(value)].concat()
}

/// The headers of a gRPC call of TaskService.
pub(super) fn call(rpc: &str) -> Vec<u8> {
    let path = format!("/taskmesh.task.v1.TaskService/{rpc}");
    let headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", &path),
        (":authority", "x"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("authorization", "Bearer good"),
    ];
    headers.iter().flat_map(|(name, value)| header(name, value)).collect()
}

/// All that comes back for these bytes over HTTP/1, until the other side closes.
pub(super) async fn http1(world: &World, request: &str) -> String {
    let mut stream = TcpStream::connect(world.address).await.expect("it connects");
    stream.write_all(request.as_bytes()).await.expect("it is taken");
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    assert!(reading.is_ok(), "still open after {}", String::from_utf8_lossy(&answer));
    String::from_utf8_lossy(&answer).into_owned()
}
