//! Settings: compiled-in defaults, then a file, then the environment. Unknown keys are refused, secrets are not shown.

mod environment;
mod redact;
mod secret;

use std::path::Path;

use anyhow::Context;
use figment::{
    Figment,
    providers::{Format, Serialized, Toml},
};
use serde::{Serialize, de::DeserializeOwned};

pub use secret::Secret;

use crate::ProcessConfig;

/// The settings of a program. Every struct in them has `#[serde(deny_unknown_fields, default)]`.
pub trait Settings: Serialize + DeserializeOwned + Default {
    /// The section that every program has.
    fn process(&self) -> &ProcessConfig;

    /// Checks what types cannot say, before anything is opened or bound.
    ///
    /// # Errors
    /// What is wrong, with the key's name.
    fn validate(&self) -> anyhow::Result<()> {
        Ok(())
    }
}

/// The settings of the program `name`: defaults, then the TOML in `file`, then the variables
/// `TASKMESH_<NAME>__<SECTION>__<KEY>`.
///
/// # Errors
/// A file that cannot be read, an unknown key, a value of the wrong type, or settings that are not valid together.
pub fn load<C: Settings>(name: &str, file: Option<&Path>) -> anyhow::Result<C> {
    load_with(
        name,
        file,
        std::env::vars_os().filter_map(|(key, value)| key.into_string().ok().zip(value.into_string().ok())),
    )
}

/// The same with these variables instead of the process's own.
///
/// # Errors
/// As [`load`].
pub fn load_with<C: Settings>(
    name: &str,
    file: Option<&Path>,
    variables: impl Iterator<Item = (String, String)>,
) -> anyhow::Result<C> {
    let mut figment = Figment::from(Serialized::defaults(C::default()));
    if let Some(path) = file {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read settings from {}", path.display()))?;
        figment = figment.merge(Toml::string(&text));
    }
    let variables = environment::Variables::of(name, variables, &figment);
    let settings: C = figment.merge(variables).extract().context("the settings are not usable")?;
    settings.validate().context("the settings are not usable")?;
    Ok(settings)
}

/// The settings in force as TOML, with secrets and passwords blotted out.
///
/// # Errors
/// When they cannot be written as TOML.
pub fn print<C: Settings>(settings: &C) -> anyhow::Result<String> {
    let mut value = toml::Value::try_from(settings)?;
    redact::redact(&mut value);
    Ok(toml::to_string(&value)?)
}
