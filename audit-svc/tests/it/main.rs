//! audit-svc over real gRPC, real databases and real buses: a file per matter.
#![expect(clippy::expect_used, reason = "what a test expects, it may expect")]

mod append_only;
mod listing;
mod recording;
mod world;
