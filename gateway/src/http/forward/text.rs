//! Decodes the base64 of gRPC-Web's text form as it comes in.
//!
//! A client may encode every message by itself, so padding can stand anywhere in the text, not only at its end.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};

/// The text is not base64.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotBase64;

/// What has come in but makes no whole group of four characters yet.
#[derive(Debug, Default)]
pub(super) struct TextDecoder {
    pending: Vec<u8>,
}

impl TextDecoder {
    /// The bytes that `text` completes.
    pub(super) fn decode(&mut self, text: &[u8]) -> Result<Bytes, NotBase64> {
        self.pending.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
        let whole = self.pending.len() / 4 * 4;
        let mut bytes = BytesMut::with_capacity(whole / 4 * 3);
        let mut start = 0;
        while start < whole {
            let end = run(&self.pending[start..whole]) + start;
            bytes.extend_from_slice(&STANDARD.decode(&self.pending[start..end]).map_err(|_| NotBase64)?);
            start = end;
        }
        self.pending.drain(..whole);
        Ok(bytes.freeze())
    }

    /// Whether the text may end here.
    pub(super) fn is_complete(&self) -> bool {
        self.pending.is_empty()
    }
}

/// The length of the text up to the end of the first group that is padded.
fn run(text: &[u8]) -> usize {
    text.iter().position(|byte| *byte == b'=').map_or(text.len(), |padding| (padding / 4 + 1) * 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_are_padded_separately_decode() {
        let text = format!("{}{}{}", STANDARD.encode("a"), STANDARD.encode("bc"), STANDARD.encode("def"));
        let mut decoder = TextDecoder::default();
        assert_eq!(decoder.decode(text.as_bytes()).as_deref(), Ok(b"abcdef".as_slice()));
        assert!(decoder.is_complete());
    }

    #[test]
    fn text_that_comes_byte_by_byte_decodes() {
        let mut decoder = TextDecoder::default();
        let mut bytes = Vec::new();
        for byte in STANDARD.encode("taskmesh").bytes() {
            bytes.extend_from_slice(&decoder.decode(&[byte]).expect("it decodes"));
        }
        assert_eq!(bytes, b"taskmesh");
        assert!(decoder.is_complete());
    }

    #[test]
    fn other_text_is_refused() {
        assert_eq!(TextDecoder::default().decode(b"####"), Err(NotBase64));
        assert_eq!(TextDecoder::default().decode(b"=AAA"), Err(NotBase64));
        let mut cut = TextDecoder::default();
        assert_eq!(cut.decode(b"AA").as_deref(), Ok([].as_slice()));
        assert!(!cut.is_complete());
    }
}
