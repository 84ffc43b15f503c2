//! Rows as they are stored, and their translation to and from the domain.

pub(super) mod channel;
pub(super) mod delivery;
pub(super) mod notification;
