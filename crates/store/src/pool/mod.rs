//! How each kind of database is connected to.

pub(crate) mod postgres;
pub(crate) mod sqlite;
