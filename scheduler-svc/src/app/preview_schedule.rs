//! Rules are looked at before anything is made of them.

use mesh_types::Caller;

use super::{App, Error};
use crate::domain::{Outline, Preview};

impl App {
    /// What the rules would give. Nothing is saved.
    ///
    /// # Errors
    /// When they are not rules, or neither they nor the caller have a zone.
    #[tracing::instrument(level = "debug", skip_all)]
    pub fn preview_schedule(&self, caller: &Caller, outline: &Outline) -> Result<Preview, Error> {
        let preview = outline.preview(caller.time_zone.as_deref(), self.clock.now());
        Ok(preview.map_err(|error| error.told(""))?)
    }
}
