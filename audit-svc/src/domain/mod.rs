//! What is true of the record: pure and synchronous. Entries are written once and never change.

mod entry;
mod foreign;
mod record;

pub use entry::{Entry, Happening, HistoryKey, ListKey};
pub use foreign::ForeignMessage;
pub use record::Record;
