//! Calls to third parties: the issuers of tokens that are trusted beside our own.

pub mod issuers;
