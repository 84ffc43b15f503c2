//! Recurrence rules: any text is read or refused, and what is read gives the same however it is asked for.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| mesh_recurrence::fuzz::rules(data));
