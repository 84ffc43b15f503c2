//! How each kind of database is connected to.

mod measure;
pub(crate) mod postgres;
pub(crate) mod sqlite;
