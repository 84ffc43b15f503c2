//! The frames of gRPC-Web, made and read by hand: what a client without any library would send.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{BufMut, Bytes, BytesMut};

/// The flag of the frame that holds the trailers.
pub(super) const TRAILERS: u8 = 0x80;

/// One frame: flags and payload.
pub(super) type Frame = (u8, Bytes);

/// `message` as one frame, in base64 if `text`.
pub(super) fn encode(message: &[u8], text: bool) -> Vec<u8> {
    let mut frame = Vec::with_capacity(5 + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.extend_from_slice(message);
    if text { STANDARD.encode(frame).into_bytes() } else { frame }
}

/// Puts chunks of a body together to frames.
#[derive(Debug, Default)]
pub(super) struct FrameReader {
    text: bool,
    base64: BytesMut,
    buffer: BytesMut,
}

impl FrameReader {
    /// A reader of a body in base64 if `text`.
    pub(super) fn new(text: bool) -> Self {
        Self { text, ..Self::default() }
    }

    /// Takes the next chunk.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), String> {
        if !self.text {
            self.buffer.extend_from_slice(chunk);
            return Ok(());
        }
        self.base64.extend_from_slice(chunk);
        // Padding may come anywhere, wherever the server began a new run; so each four characters stand alone.
        while self.base64.len() >= 4 {
            let group = self.base64.split_to(4);
            self.buffer.extend(STANDARD.decode(&group).map_err(|error| format!("base64: {error}"))?);
        }
        Ok(())
    }

    /// The next whole frame, if it is there.
    pub(super) fn next(&mut self) -> Option<Frame> {
        let header: [u8; 5] = self.buffer.get(..5)?.try_into().ok()?;
        let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]) as usize;
        if self.buffer.len() < 5 + length {
            return None;
        }
        let mut frame = self.buffer.split_to(5 + length);
        Some((header[0], frame.split_off(5).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_however_the_body_is_cut() {
        for text in [false, true] {
            let mut body = encode(b"one", text);
            body.extend(encode(b"", text));
            body.extend(encode(b"three!", text));
            let mut reader = FrameReader::new(text);
            let mut found = Vec::new();
            for byte in body {
                reader.push(&[byte]).expect("it is base64");
                found.extend(std::iter::from_fn(|| reader.next()));
            }
            let payloads: Vec<_> = found.iter().map(|(_, payload)| payload.as_ref()).collect();
            assert_eq!(payloads, [b"one".as_slice(), b"", b"three!"], "text: {text}");
        }
    }
}
