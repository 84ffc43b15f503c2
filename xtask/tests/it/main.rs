//! The tools, with real servers.

mod servers;
