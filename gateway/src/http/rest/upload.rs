//! Client streams over HTTP: a line of JSON for each message (NDJSON). A line is read, turned into a message and passed
//! on before the next is looked at, so an upload of any length takes no more memory than its longest line.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::stream::unfold;
use http::{HeaderMap, request::Parts};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use mesh_types::{ErrorKind, Fault, Reason};
use tonic::{Status, body::Body};

use super::{answer::Piece, request, route::Route};
use crate::http::{forward::BodyFault, sending::Sending};

/// How many bytes of messages are gathered, if they are there already. HTTP/2 servers end the whole connection when small
/// frames pile up, and other callers are on it, too.
const GATHERED_BYTES: usize = 16 * 1024;

/// A body under way.
pub(super) struct Upload {
    route: Arc<Route>,
    segments: Vec<String>,
    query: Option<String>,
    headers: HeaderMap,
    lines: Lines<Sending>,
    fault: BodyFault,
    /// What is wrong with a line, once those before it have been passed on.
    wrong: Option<Status>,
}

impl Upload {
    /// The messages of `body`, whose lines may hold `limit` bytes; what is wrong with one is told to `fault`.
    pub(super) fn begin(
        route: &Arc<Route>,
        segments: &[&str],
        parts: &Parts,
        lines: Lines<Sending>,
        fault: BodyFault,
    ) -> Body {
        let upload = Self {
            route: route.clone(),
            segments: segments.iter().map(|&segment| segment.to_owned()).collect(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers.clone(),
            lines,
            fault,
            wrong: None,
        };
        Body::new(StreamBody::new(unfold(Some(upload), Self::next)))
    }

    async fn next(upload: Option<Self>) -> Option<(Piece, Option<Self>)> {
        let mut upload = upload?;
        match upload.messages().await {
            Ok(Some(messages)) => Some((Ok(Frame::data(messages)), Some(upload))),
            Ok(None) => None,
            Err(status) => Some((Err(status), None)),
        }
    }

    /// The next message, and those after it that are there already.
    async fn messages(&mut self) -> Result<Option<Bytes>, Status> {
        if let Some(status) = self.wrong.take() {
            return Err(status);
        }
        let Some(line) = self.lines.next().await.map_err(|broken| self.told(broken))? else { return Ok(None) };
        let mut messages = BytesMut::from(self.message(&line)?);
        while messages.len() < GATHERED_BYTES && self.wrong.is_none() {
            match self.lines.whole() {
                Ok(Some(line)) => match self.message(&line) {
                    Ok(message) => messages.extend_from_slice(&message),
                    Err(status) => self.wrong = Some(status),
                },
                Ok(None) => break,
                Err(broken) => self.wrong = Some(self.told(broken)),
            }
        }
        Ok(Some(messages.freeze()))
    }

    fn message(&self, line: &[u8]) -> Result<Bytes, Status> {
        let segments: Vec<&str> = self.segments.iter().map(String::as_str).collect();
        let built = request::build(&self.route, &segments, self.query.as_deref(), &self.headers, line);
        built.map_err(|fault| self.told(Broken::Bad(fault)))
    }

    fn told(&self, broken: Broken) -> Status {
        match broken {
            Broken::Gone => Status::cancelled("the caller went away"),
            Broken::Bad(fault) => self.fault.set(at(self.lines.number, fault)),
        }
    }
}

/// What is wrong, with the number of the line that it is wrong with.
fn at(line: usize, mut fault: Fault) -> Fault {
    fault.message = format!("line {line}: {}", fault.message.replace("(line 1, ", "("));
    fault.with("line", line.to_string())
}

/// A body, line by line.
pub(super) struct Lines<B> {
    body: B,
    buffer: BytesMut,
    /// How much of the buffer holds no end of a line.
    searched: usize,
    /// The number of the line that is being read or was read last; from 1.
    number: usize,
    limit: usize,
    patience: Duration,
}

/// Why there are no further lines.
#[derive(Debug)]
enum Broken {
    /// The caller went away.
    Gone,
    /// What came is no line.
    Bad(Fault),
}

impl<B: http_body::Body<Data = Bytes> + Unpin> Lines<B> {
    /// The lines of `body`, each of at most `limit` bytes, and none of which may take longer than `patience`.
    pub(super) fn new(body: B, limit: usize, patience: Duration) -> Self {
        Self { body, buffer: BytesMut::new(), searched: 0, number: 0, limit, patience }
    }

    /// The next line that is not blank; the last one need not be ended.
    async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        tokio::time::timeout(self.patience, self.awaited()).await.unwrap_or_else(|_| {
            self.number += 1;
            let message = "it did not arrive in time";
            Err(Broken::Bad(Fault::new(ErrorKind::DeadlineExceeded, Reason::DeadlineExceeded, message)))
        })
    }

    async fn awaited(&mut self) -> Result<Option<Bytes>, Broken> {
        loop {
            if let Some(line) = self.whole()? {
                return Ok(Some(line));
            }
            if !self.more().await? {
                return match self.buffer.is_empty() {
                    true => Ok(None),
                    false => Ok(self.take(self.buffer.len())),
                };
            }
        }
    }

    /// The next line that is not blank, if it is there as a whole.
    fn whole(&mut self) -> Result<Option<Bytes>, Broken> {
        loop {
            let found = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
            let length = found.map_or(self.buffer.len(), |at| self.searched + at);
            if length > self.limit {
                self.number += 1;
                let message = format!("a line may hold {} bytes", self.limit);
                let fault = Fault::new(ErrorKind::ResourceExhausted, Reason::MessageTooLarge, message);
                return Err(Broken::Bad(fault));
            }
            self.searched = length;
            if found.is_none() {
                return Ok(None);
            }
            if let Some(line) = self.take(length + 1) {
                return Ok(Some(line));
            }
        }
    }

    /// Takes a line out of the buffer; `None` if it is blank.
    fn take(&mut self, length: usize) -> Option<Bytes> {
        let mut line = self.buffer.split_to(length);
        (self.searched, self.number) = (0, self.number + 1);
        line.truncate(line.trim_ascii_end().len());
        (!line.is_empty()).then(|| line.freeze())
    }

    /// Waits for more; `false` at the end.
    async fn more(&mut self) -> Result<bool, Broken> {
        match self.body.frame().await {
            Some(Ok(frame)) => {
                self.buffer.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
                Ok(true)
            }
            Some(Err(_)) => Err(Broken::Gone),
            None => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::{StreamExt, stream};

    use super::*;

    fn lines(chunks: &[&'static str], limit: usize) -> Lines<impl http_body::Body<Data = Bytes> + Unpin> {
        let frames = chunks.iter().map(|chunk| Ok::<_, Infallible>(Frame::data(Bytes::from_static(chunk.as_bytes()))));
        Lines::new(StreamBody::new(stream::iter(frames.collect::<Vec<_>>())), limit, Duration::from_secs(9))
    }

    #[tokio::test]
    async fn lines_may_be_cut_anywhere_and_the_last_need_not_be_ended() {
        let mut lines = lines(&["on", "e\n\n \r\ntwo\r", "\nthree\nfo", "ur"], 9);
        for (text, number) in [("one", 1), ("two", 4), ("three", 5), ("four", 6)] {
            let line = lines.next().await.expect("no failure").expect("a line");
            assert_eq!((&*line, lines.number), (text.as_bytes(), number));
        }
        assert!(lines.next().await.expect("no failure").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_that_takes_too_long_is_not_waited_for() {
        let begun = Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"ok\n{\"begun")));
        let body = StreamBody::new(stream::iter([begun]).chain(stream::pending()));
        let mut lines = Lines::new(body, 99, Duration::from_secs(9));
        assert!(lines.next().await.expect("no failure").is_some());
        let Err(Broken::Bad(fault)) = lines.next().await else { panic!("it takes too long") };
        assert_eq!((fault.reason, lines.number), (Reason::DeadlineExceeded, 2));
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_not_waited_for() {
        for chunks in [&["ok\n", "12345", "67890", "never read"], &["ok\n", "1234567890\n", "", ""]] {
            let mut lines = lines(chunks, 9);
            assert!(lines.next().await.expect("no failure").is_some());
            let Err(Broken::Bad(fault)) = lines.next().await else { panic!("it is too long") };
            assert_eq!((fault.reason, lines.number), (Reason::MessageTooLarge, 2));
        }
    }
}
