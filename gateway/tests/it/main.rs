//! The gateway over real gRPC and HTTP, its accounts on both databases.
#![expect(clippy::expect_used, reason = "what a test expects, it may expect")]

mod api_tokens;
mod events;
mod exchange;
mod http;
mod interop;
mod refresh_token;
mod sign_in;
mod sign_up;
mod world;
