//! Calls to others than services of the mesh.

pub mod webhooks;
