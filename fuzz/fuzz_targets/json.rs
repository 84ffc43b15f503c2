//! JSON and queries: what is read can be written, and reads as the same again.
#![no_main]

use std::sync::LazyLock;

use gateway::http::fuzz::Routes;
use libfuzzer_sys::fuzz_target;

static ROUTES: LazyLock<Routes> = LazyLock::new(|| Routes::new(mesh_testkit::testing::contract()));

fuzz_target!(|data: &[u8]| ROUTES.json(data));
