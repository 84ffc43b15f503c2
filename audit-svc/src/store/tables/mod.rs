//! Rows and what they mean.

pub(super) mod audit_event;
