//! Events out and in: what happened becomes an envelope, and an envelope the task that it tells of.

pub mod publish;
