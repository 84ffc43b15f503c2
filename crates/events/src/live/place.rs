//! Places in a stream of changes, and resume tokens: such a place as text that clients keep and send back.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mesh_types::{ErrorKind, Fault, Reason};
use sha2::{Digest, Sha256};

/// Tells a token that was cut off or made up from one of a stream that is gone. No secret: a place gives no access.
const CHECKSUM_BYTES: usize = 4;
const SEQUENCE_BYTES: usize = 8;

/// A place in the stream of changes: which stream, and how far into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which stream. Another one was not there before, or has been lost since.
    pub stream: Arc<str>,
    /// The number of the change that was seen last; 0 is none yet.
    pub sequence: u64,
}

impl Place {
    /// The token of this place.
    pub fn to_token(&self) -> String {
        let mut bytes = self.sequence.to_be_bytes().to_vec();
        bytes.extend_from_slice(self.stream.as_bytes());
        let checksum = checksum(&bytes);
        bytes.extend_from_slice(&checksum);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that a token holds; `None` for the empty token.
    ///
    /// # Errors
    /// INVALID_ARGUMENT (`RESUME_TOKEN_INVALID`) for what is no token of ours.
    pub fn from_token(token: &str) -> Result<Option<Self>, Fault> {
        if token.is_empty() {
            return Ok(None);
        }
        let message = "the resume token was not made here; list again and watch without it";
        let invalid = || Fault::new(ErrorKind::InvalidArgument, Reason::ResumeTokenInvalid, message);
        read(token).map(Some).ok_or_else(invalid)
    }
}

fn read(token: &str) -> Option<Place> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (bytes, sum) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
    let (sequence, stream) = bytes.split_first_chunk::<SEQUENCE_BYTES>()?;
    let stream = std::str::from_utf8(stream).ok().filter(|_| checksum(bytes) == *sum)?;
    Some(Place { stream: stream.into(), sequence: u64::from_be_bytes(*sequence) })
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    [digest[0], digest[1], digest[2], digest[3]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_the_way_through_a_token() {
        let here = Place { stream: "stream-1".into(), sequence: 42 };
        assert_eq!(Place::from_token(&here.to_token()), Ok(Some(here)));
        assert_eq!(Place::from_token(""), Ok(None));
    }

    proptest::proptest! {
        #[test]
        fn what_is_no_token_is_refused(text in ".+") {
            let reason = Place::from_token(&text).map_err(|fault| fault.reason);
            proptest::prop_assert_eq!(reason, Err(Reason::ResumeTokenInvalid));
        }
    }
}
