//! Passwords and tokens: values that are never shown, logged or stored as they are.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization;

/// What every API token begins with, so that people and scanners recognise one.
pub const API_TOKEN_PREFIX: &str = "tm_pat_";

/// What every refresh token begins with.
const REFRESH_TOKEN_PREFIX: &str = "tm_rt_";

/// What every invitation's code begins with.
const INVITATION_PREFIX: &str = "tm_inv_";

/// A password as it was typed, composed (NFC, as RFC 8265 has it): the same letters are the same password on every keyboard.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// The password that somebody typed.
    pub fn typed(text: &str) -> Self {
        Self(text.nfc().collect())
    }

    /// The password itself.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(…)")
    }
}

/// A new opaque token: shown to its owner once, kept as a digest.
pub struct Token(String);

impl Token {
    /// An API token made of 256 random bits.
    pub fn api(random: [u8; 32]) -> Self {
        Self(format!("{API_TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
    }

    /// A refresh token made of 256 random bits.
    pub fn refresh(random: [u8; 32]) -> Self {
        Self(format!("{REFRESH_TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
    }

    /// An invitation's code made of 256 random bits.
    pub fn invitation(random: [u8; 32]) -> Self {
        Self(format!("{INVITATION_PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
    }

    /// What is kept of it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// Its first characters, to tell tokens apart in a list.
    pub fn hint(&self) -> String {
        self.0.chars().take(API_TOKEN_PREFIX.len() + 4).collect()
    }

    /// The token itself, for its owner.
    pub fn reveal(self) -> String {
        self.0
    }
}

/// The SHA-256 of a token. Tokens are random, so that no salt and no slow hash is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of what somebody presents as a token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_the_same_however_they_were_typed() {
        assert_eq!(Password::typed("u\u{308}ber").text(), Password::typed("\u{fc}ber").text());
    }

    #[test]
    fn a_hint_shows_four_characters_of_the_secret_part() {
        let token = Token::api([7; 32]);
        assert_eq!(token.hint(), "tm_pat_BwcH");
        assert_eq!(token.digest(), Digest::of(&token.reveal()));
    }
}
