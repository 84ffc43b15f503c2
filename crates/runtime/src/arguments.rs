//! The command line of a service: which settings, and whether to run or to show them.

use std::{ffi::OsString, path::PathBuf};

/// What a service was asked to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// The file with settings.
    pub(crate) config: Option<PathBuf>,
    /// Whether to print the settings in force and end.
    pub(crate) print_config: bool,
    /// Whether to print how to use it and end.
    pub(crate) help: bool,
    /// Whether to print which release it is and end.
    pub(crate) version: bool,
    /// Whether to migrate the database and end.
    pub(crate) migrate: bool,
}

impl Arguments {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// What is not understood.
    pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> anyhow::Result<Self> {
        let mut parsed = Self::default();
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--config") => match arguments.next() {
                    Some(path) => parsed.config = Some(path.into()),
                    None => anyhow::bail!("--config needs a file"),
                },
                Some("--print-config") => parsed.print_config = true,
                Some("migrate") => parsed.migrate = true,
                Some("--help" | "-h") => parsed.help = true,
                Some("--version" | "-V") => parsed.version = true,
                _ => anyhow::bail!("unknown argument {}; try --help", argument.display()),
            }
        }
        Ok(parsed)
    }

    /// How to use the program `name`.
    pub(crate) fn usage(name: &str) -> String {
        let prefix = name.to_uppercase().replace('-', "_");
        format!(
            "Usage: {name} [migrate] [--config FILE] [--print-config]\n\n\
             migrate          bring the database to the state that this release needs, and end\n\
             --config FILE    read settings from a TOML file\n\
             --print-config   print the settings in force, without secrets, and end\n\
             --version        print the release and the commit, and end\n\n\
             Variables named TASKMESH_{prefix}__SECTION__KEY override the file.\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> anyhow::Result<Arguments> {
        Arguments::parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn known_arguments_are_read_and_others_refused() {
        let parsed = parse(&["--config", "a.toml", "--print-config"]).expect("known ones");
        let expected = Arguments { config: Some("a.toml".into()), print_config: true, ..Arguments::default() };
        assert_eq!(parsed, expected);
        assert_eq!(parse(&["migrate"]).expect("a known one"), Arguments { migrate: true, ..Arguments::default() });
        assert_eq!(parse(&["-V"]).expect("a known one"), Arguments { version: true, ..Arguments::default() });
        assert!(parse(&["--config"]).is_err());
        assert!(parse(&["--verbose"]).is_err());
    }
}
