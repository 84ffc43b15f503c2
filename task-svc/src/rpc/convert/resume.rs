//! Resume tokens: a place in the stream of changes as text that clients keep and send back.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mesh_types::{ErrorKind, Fault, Reason};
use sha2::{Digest, Sha256};

use crate::app::Place;

/// Tells a token that was cut off or made up from one of a stream that is gone. No secret: a place gives no access.
const CHECKSUM_BYTES: usize = 4;
const SEQUENCE_BYTES: usize = 8;

/// The token of a place.
pub(in crate::rpc) fn token(place: &Place) -> String {
    let mut bytes = place.sequence.to_be_bytes().to_vec();
    bytes.extend_from_slice(place.stream.as_bytes());
    let checksum = checksum(&bytes);
    bytes.extend_from_slice(&checksum);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place that a token holds; `None` for the empty token.
pub(super) fn place(token: &str) -> Result<Option<Place>, Fault> {
    if token.is_empty() {
        return Ok(None);
    }
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (bytes, sum) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
        let (sequence, stream) = bytes.split_first_chunk::<SEQUENCE_BYTES>()?;
        let stream = std::str::from_utf8(stream).ok().filter(|_| checksum(bytes) == *sum)?;
        Some(Place { stream: stream.into(), sequence: u64::from_be_bytes(*sequence) })
    };
    let message = "the resume token was not made here; list again and watch without it";
    let invalid = || Fault::new(ErrorKind::InvalidArgument, Reason::ResumeTokenInvalid, message);
    read().map(Some).ok_or_else(invalid)
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
        assert_eq!(place(&token(&here)), Ok(Some(here)));
        assert_eq!(place(""), Ok(None));
    }

    proptest::proptest! {
        #[test]
        fn what_is_no_token_is_refused(text in ".+") {
            proptest::prop_assert_eq!(place(&text).map_err(|fault| fault.reason), Err(Reason::ResumeTokenInvalid));
        }
    }
}
