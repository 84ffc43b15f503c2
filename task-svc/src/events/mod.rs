//! Events out and in: what happened becomes an envelope; what the bus tells goes to whoever watches.

pub mod publish;
pub mod tail;
