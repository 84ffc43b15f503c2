//! The gateway over real gRPC and HTTP, its accounts on both databases.
#![expect(clippy::expect_used, reason = "what a test expects, it may expect")]

mod account;
mod api_tokens;
mod browser;
mod events;
mod exchange;
mod external;
mod http;
mod interop;
mod invitations;
mod refresh_token;
mod sign_in;
mod sign_out;
mod sign_up;
mod world;
