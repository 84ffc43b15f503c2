//! The tools, with real servers.

mod rollout;
mod servers;
