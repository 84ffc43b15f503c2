//! What is needed to send a call again: its request, kept whole, and word that it may be.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use futures::future::poll_fn;
use http::{HeaderMap, Method, Request, Uri};
use http_body::{Body as HttpBody, Frame};
use http_body_util::Full;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use tokio::time::Instant;
use tonic::{Status, body::Body};

/// How large a request may be to be kept, in bytes.
const KEPT: usize = 64 * 1024;

/// When a call may be sent again though it may have reached a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Safety {
    /// Never.
    #[default]
    Unsafe,
    /// Always: it changes nothing.
    Safe,
    /// When this string field of its request is set: by it, the service knows a repetition.
    IfSet(u32),
}

/// What a request says of itself, as one of its extensions. Without it, a call is sent again only if it certainly did not
/// reach a service.
#[derive(Clone, Copy, Debug, Default)]
pub struct Repeat {
    /// When it may be sent again.
    pub safety: Safety,
    /// Whether its body is one message: that is waited for, and kept if it is small.
    pub unary: bool,
    /// When it must be over.
    pub deadline: Option<Instant>,
}

/// A request, to be sent once or more often.
pub(super) enum Outgoing {
    /// It is there until it is sent.
    Once(Option<Request<Body>>),
    /// It is there for good.
    Kept { method: Method, uri: Uri, headers: HeaderMap, body: Bytes, safe: bool },
}

impl Outgoing {
    pub(super) fn once(request: Request<Body>) -> Self {
        Self::Once(Some(request))
    }

    /// Keeps the request if it is small, and is one message or all at hand.
    ///
    /// # Errors
    /// When the caller breaks it off.
    pub(super) async fn read(request: Request<Body>, repeat: Repeat) -> Result<Self, Status> {
        let (head, body) = request.into_parts();
        Ok(match whole(body, repeat.unary).await? {
            Ok(body) => {
                let safe = is_safe(repeat.safety, &body);
                Self::Kept { method: head.method, uri: head.uri, headers: head.headers, body, safe }
            }
            Err(body) => Self::once(Request::from_parts(head, body)),
        })
    }

    /// The request, if it is still there.
    pub(super) fn next(&mut self) -> Option<Request<Body>> {
        match self {
            Self::Once(request) => request.take(),
            Self::Kept { method, uri, headers, body, .. } => {
                let mut request = Request::new(Body::new(Full::new(body.clone())));
                *request.method_mut() = method.clone();
                *request.uri_mut() = uri.clone();
                *request.headers_mut() = headers.clone();
                Some(request)
            }
        }
    }

    /// Takes back a request that was not sent.
    pub(super) fn put_back(&mut self, request: Request<Body>) {
        if let Self::Once(place) = self {
            *place = Some(request);
        }
    }

    /// Whether it may be sent again, after it `reached` a service or did not.
    pub(super) fn may_repeat(&self, reached: bool) -> bool {
        match self {
            Self::Once(request) => !reached && request.is_some(),
            Self::Kept { safe, .. } => *safe || !reached,
        }
    }
}

/// All of a body, or, if it is too large or not at hand, the same body again. Who is to `wait` waits for its end.
async fn whole(mut body: Body, wait: bool) -> Result<Result<Bytes, Body>, Status> {
    let (mut chunks, mut length) = (VecDeque::new(), 0);
    let ended = poll_fn(|context| {
        while length <= KEPT {
            match Pin::new(&mut body).poll_frame(context) {
                Poll::Ready(Some(frame)) => {
                    // A request has no trailers in gRPC.
                    let Ok(data) = frame?.into_data() else { continue };
                    length += data.len();
                    chunks.push_back(data);
                }
                Poll::Ready(None) => return Poll::Ready(Ok(true)),
                Poll::Pending if wait => return Poll::Pending,
                Poll::Pending => return Poll::Ready(Ok(false)),
            }
        }
        Poll::Ready(Ok::<_, Status>(false))
    });
    if !ended.await? {
        return Ok(Err(Body::new(Resumed { chunks, rest: body })));
    }
    Ok(Ok(match chunks.len() {
        1 => chunks.pop_front().unwrap_or_default(),
        _ => chunks.into_iter().fold(BytesMut::with_capacity(length), joined).freeze(),
    }))
}

fn joined(mut all: BytesMut, chunk: Bytes) -> BytesMut {
    all.extend_from_slice(&chunk);
    all
}

/// A body of which a part was read already.
struct Resumed {
    chunks: VecDeque<Bytes>,
    rest: Body,
}

impl HttpBody for Resumed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if let Some(chunk) = this.chunks.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        Poll::Ready(ready!(Pin::new(&mut this.rest).poll_frame(context)))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty() && self.rest.is_end_stream()
    }
}

fn is_safe(safety: Safety, frame: &[u8]) -> bool {
    match safety {
        Safety::Unsafe => false,
        Safety::Safe => true,
        // A compressed message is not looked into.
        Safety::IfSet(field) => match frame.split_first_chunk::<5>() {
            Some(([0, ..], message)) => has_text(message, field).unwrap_or(false),
            _ => false,
        },
    }
}

/// Whether an encoded message has a text in this field; `None` if it is no message.
fn has_text(mut message: &[u8], field: u32) -> Option<bool> {
    let mut found = false;
    while message.has_remaining() {
        let (tag, wire_type) = decode_key(&mut message).ok()?;
        if tag == field && wire_type == WireType::LengthDelimited {
            let length = usize::try_from(decode_varint(&mut message).ok()?).ok()?;
            message = message.get(length..)?;
            // The last one counts.
            found = length > 0;
        } else {
            skip_field(wire_type, tag, &mut message, DecodeContext::default()).ok()?;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body_util::{BodyExt, StreamBody};
    use mesh_proto::task::v1::{CreateTaskRequest, DeleteTaskRequest, Task};
    use prost::Message;

    use super::*;

    fn framed(message: &impl Message) -> Vec<u8> {
        let length = u32::try_from(message.encoded_len()).expect("small").to_be_bytes();
        [&[0], length.as_slice(), &message.encode_to_vec()].concat()
    }

    fn in_chunks(chunks: &[&'static [u8]]) -> Body {
        let frames: Vec<_> =
            chunks.iter().map(|chunk| Ok::<_, Status>(Frame::data(Bytes::from_static(chunk)))).collect();
        Body::new(StreamBody::new(stream::iter(frames)))
    }

    #[test]
    fn a_request_id_makes_a_call_safe_and_an_empty_one_does_not() {
        let task = Some(Task { title: Some("milk".to_owned()), ..Task::default() });
        let with = |id: &str| CreateTaskRequest { task: task.clone(), request_id: id.to_owned(), ..Default::default() };
        let descriptor = mesh_proto::descriptors().get_message_by_name("taskmesh.task.v1.CreateTaskRequest");
        let field = descriptor.and_then(|message| message.get_field_by_name("request_id")).expect("a field").number();
        assert!(is_safe(Safety::IfSet(field), &framed(&with("once"))));
        assert!(!is_safe(Safety::IfSet(field), &framed(&with(""))));
        assert!(!is_safe(Safety::IfSet(field), &framed(&DeleteTaskRequest::default())));
        let mut compressed = framed(&with("once"));
        compressed[0] = 1;
        assert!(!is_safe(Safety::IfSet(field), &compressed));
        assert!(!is_safe(Safety::IfSet(field), b"no frame at all"));
    }

    #[tokio::test]
    async fn a_body_in_chunks_is_kept_whole() {
        let kept = whole(in_chunks(&[b"a", b"bc", b""]), false).await.expect("it is not broken off");
        assert_eq!(kept.expect("it is at hand").as_ref(), b"abc");
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_or_not_there_yet_is_left_as_it_was() {
        const LARGE: &[u8] = &[7; KEPT];
        let large = whole(in_chunks(&[b"head", LARGE, b"tail"]), true).await.expect("it is not broken off");
        let collected = large.expect_err("it is too large").collect().await.expect("a body").to_bytes();
        assert_eq!(collected.as_ref(), [b"head", LARGE, b"tail"].concat());

        let (sender, receiver) = tokio::sync::oneshot::channel::<&'static [u8]>();
        let late =
            stream::once(
                async move { Ok::<_, Status>(Frame::data(Bytes::from_static(receiver.await.expect("sent")))) },
            );
        let late = whole(Body::new(StreamBody::new(Box::pin(late))), false).await.expect("it is not broken off");
        let late = late.expect_err("it is not at hand");
        sender.send(b"late").expect("somebody waits");
        assert_eq!(late.collect().await.expect("a body").to_bytes().as_ref(), b"late");
    }
}
