//! Load scenarios: each produces one row of the table in `README.md` and says how it was measured. Nothing here passes
//! or fails; the figures are for people to compare.

pub mod crowd;
pub mod histogram;
pub mod http;
pub mod inbox;
pub mod latencies;
pub mod load;
pub mod pgbench;
pub mod process;
pub mod scenarios;
pub mod steady;
pub mod target;

/// One measured figure.
#[derive(Debug, serde::Serialize)]
pub struct Row {
    /// Which bar it is for, such as `S1`.
    pub id: &'static str,
    /// What was measured.
    pub what: String,
    /// What came out.
    pub measured: String,
    /// What is aimed at.
    pub bar: &'static str,
    /// Whether the bar is met; `None` where the bar does not apply to this row.
    pub met: Option<bool>,
}
