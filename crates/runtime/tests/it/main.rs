//! Settings, shutdown and the admin port, as a program uses them.
#![expect(clippy::expect_used, reason = "what a test expects, it may expect")]

mod admin;
mod lifecycle;
mod settings;
