//! Pages of lists: how large, and where the next one begins.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::{ErrorKind, Fault, Reason};

/// How many items a page may hold: 50 unless asked, at most 1000 (AIP-158).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u32);

impl PageSize {
    /// What a request's `page_size` means. Validation has refused negative ones.
    pub fn from_request(asked: i32) -> Self {
        match u32::try_from(asked).unwrap_or(0) {
            0 => Self(50),
            size => Self(size.min(1000)),
        }
    }

    /// The size as a row limit.
    pub fn get(self) -> u64 {
        u64::from(self.0)
    }
}

/// Where a page begins, as text that only the query it came from accepts.
///
/// The text holds the last key of the page before and a digest of everything else in the query (filter, order, caller),
/// so that a token cannot be used with another query. It needs no secret: the key only narrows a query that is
/// confined to the caller's workspaces anyway.
pub struct PageToken;

impl PageToken {
    /// The token for the page after `last_key`, for a query that is told apart by `query`.
    pub fn encode<K: Serialize>(last_key: &K, query: &[&str]) -> Result<String, Fault> {
        let key = serde_json::to_vec(last_key).map_err(|_| Fault::internal())?;
        let mut bytes = Self::digest(&key, query).to_vec();
        bytes.extend_from_slice(&key);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The last key in `token`, or `None` for an empty token (the first page).
    ///
    /// # Errors
    /// INVALID_ARGUMENT (`PAGE_TOKEN_INVALID`) for a token that is forged or belongs to another query.
    pub fn decode<K: DeserializeOwned>(token: &str, query: &[&str]) -> Result<Option<K>, Fault> {
        if token.is_empty() {
            return Ok(None);
        }
        let invalid = || {
            let message = "the page token is not one of this query; ask again without it";
            Fault::new(ErrorKind::InvalidArgument, Reason::PageTokenInvalid, message)
        };
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
        let (digest, key) = bytes.split_at_checked(DIGEST_LENGTH).ok_or_else(invalid)?;
        if digest != Self::digest(key, query) {
            return Err(invalid());
        }
        serde_json::from_slice(key).map(Some).map_err(|_| invalid())
    }

    fn digest(key: &[u8], query: &[&str]) -> [u8; DIGEST_LENGTH] {
        let mut hasher = Sha256::new();
        for part in query {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(key);
        let mut digest = [0; DIGEST_LENGTH];
        digest.copy_from_slice(&hasher.finalize()[..DIGEST_LENGTH]);
        digest
    }
}

/// Enough to tell queries apart; not a secret.
const DIGEST_LENGTH: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_accepted_by_its_own_query_only() {
        let token = PageToken::encode(&("key", 7), &["filter", "user"]).expect("it encodes");
        let key: Option<(String, i32)> = PageToken::decode(&token, &["filter", "user"]).expect("its own query");
        assert_eq!(key, Some(("key".to_owned(), 7)));
        let other = PageToken::decode::<(String, i32)>(&token, &["filte", "ruser"]);
        assert_eq!(other.expect_err("another query").reason, Reason::PageTokenInvalid);
    }

    proptest::proptest! {
        #[test]
        fn forged_tokens_are_refused(token in ".+") {
            proptest::prop_assert!(PageToken::decode::<String>(&token, &["query"]).is_err());
        }
    }
}
