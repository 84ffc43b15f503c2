//! `taskmesh serve` as whoever starts it sees it: the real program, as a process.
#![expect(clippy::expect_used, reason = "what a test expects, it may expect")]

mod program;

mod data_folder;
mod helpers;
mod key_set;
mod serving;
mod stopping;
