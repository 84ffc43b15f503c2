//! A browser without a window, which tests look at pages with.

use std::path::PathBuf;

use anyhow::Context;

use crate::{servers::distribution_package, workspace::on_path};

/// What distributions call it.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The browser's program, installed from the distribution if need be.
///
/// # Errors
/// When there is none and we may not install one.
pub fn program() -> anyhow::Result<PathBuf> {
    let find = || NAMES.iter().find_map(|name| on_path(name));
    if let Some(program) = find() {
        return Ok(program);
    }
    distribution_package("chromium", "no Chromium is installed");
    find().context("a page is tested in Chromium, which is not installed: install the package `chromium`")
}
