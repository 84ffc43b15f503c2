//! What `cargo xtask` does, in reading order; a library too, so that end-to-end tests and benches start the same
//! processes in the same way.
#![expect(clippy::print_stdout, reason = "a command-line program")]

pub mod workspace;

mod process;
pub mod servers;
pub mod tools;

pub mod mesh;

pub mod bench;
pub mod browser;
pub mod buf;
pub mod deployment;
pub mod faults;
pub mod fuzz;
pub mod image;
pub mod run;
pub mod test;
pub mod tidy;

pub use process::{Interrupt, Process, free_port};
