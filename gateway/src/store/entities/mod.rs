//! The tables, row by row. Instants are microseconds (`…_us`).
#![expect(unreachable_pub, reason = "sea-orm's derive wants a model and its relations to be public")]

pub(super) mod account;
pub(super) mod api_token;
pub(super) mod external_identity;
pub(super) mod invitation;
pub(super) mod membership;
pub(super) mod refresh_token;
pub(super) mod session;
pub(super) mod workspace;
