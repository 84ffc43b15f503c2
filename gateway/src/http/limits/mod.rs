//! What protects the edge from callers who want too much, on purpose or not, and everybody else from them.
//!
//! - [`connections`]: how many connections, and from whom; [`connection`] and [`socket`]: when one is closed.
//!   [`open_files`]: what the system must allow for them.
//! - [`head`]: requests that are refused by their first lines alone.
//! - [`admit`]: whether a call is let in: by [`rates`] (how often) and [`places`] (how many at once).
//! - [`held`], [`answer`], [`pace`]: what a call holds, until its answer has been taken or its client takes nothing.
//!
//! Every limit has a setting ([`settings`]) and says how often it was reached (`gateway_refused_total`,
//! `gateway_connections_refused_total`, `gateway_cut_off_total`).

mod admit;
mod answer;
mod connection;
mod connections;
mod counting;
mod head;
mod held;
pub(crate) mod open_files;
mod pace;
mod places;
mod rates;
mod refused;
mod settings;
mod socket;

pub(crate) use admit::{Limits, admit, admit_local};
pub(crate) use answer::Answer;
pub(crate) use connection::{Connection, OpenCall};
pub(crate) use connections::{Connections, Seat};
pub(crate) use counting::begin_counting;
pub(crate) use head::check;
pub(crate) use held::Held;
pub(crate) use pace::Streams;
pub(crate) use places::Places;
pub use settings::LimitSettings;
pub(crate) use socket::{Watched, bound_kernel};
