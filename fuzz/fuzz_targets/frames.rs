//! gRPC-Web: bodies mean the same however they are cut, and the ends of calls arrive as they were.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| gateway::http::fuzz::frames(data));
