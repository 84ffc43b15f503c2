//! Where settings come from, and what is refused.

use std::{fs, path::PathBuf};

use mesh_runtime::{ProcessConfig, Secret, Settings, config};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    process: ProcessConfig,
    database: Database,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Database {
    url: String,
    password: Secret,
    max_connections: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: "sqlite:a.db".to_owned(), password: Secret::default(), max_connections: 10, note: None }
    }
}

impl Settings for Config {
    fn process(&self) -> &ProcessConfig {
        &self.process
    }

    fn validate(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.database.max_connections > 0, "database.max_connections must be more than 0");
        Ok(())
    }
}

/// The settings from a file with this text and these variables.
fn load(toml: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file: PathBuf = folder.path().join("settings.toml");
    fs::write(&file, toml).expect("written");
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    config::load_with("demo-svc", Some(&file), variables).map_err(|error| format!("{error:#}"))
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let file = "[database]\nurl = 'sqlite:file.db'\nmax_connections = 5\n";
    let variables = [("TASKMESH_DEMO_SVC__DATABASE__MAX_CONNECTIONS", "7"), ("TASKMESH_OTHER_SVC__X", "1")];
    let config = load(file, &variables).expect("usable");
    assert_eq!(config.database.url, "sqlite:file.db");
    assert_eq!(config.database.max_connections, 7);
    assert_eq!(config.process.shutdown.stage_timeout_ms, 15_000);
}

#[test]
fn variables_reach_deep_sections_and_several_of_one() {
    let config = load(
        "",
        &[
            ("TASKMESH_DEMO_SVC__PROCESS__LOG__FILTER", "debug"),
            ("TASKMESH_DEMO_SVC__PROCESS__LOG__FORMAT", "json"),
            ("TASKMESH_DEMO_SVC__PROCESS__ADMIN_LISTEN", "127.0.0.1:9090"),
            ("TASKMESH_DEMO_SVC__PROCESS__SHUTDOWN__DRAIN_DELAY_MS", "5"),
        ],
    )
    .expect("usable");
    assert_eq!(config.process.log.filter, "debug");
    assert_eq!(config.process.admin_listen, Some(([127, 0, 0, 1], 9090).into()));
    assert_eq!(config.process.shutdown.drain_delay_ms, 5);
}

#[test]
fn text_that_looks_like_a_number_stays_text() {
    let config = load(
        "",
        &[
            ("TASKMESH_DEMO_SVC__DATABASE__PASSWORD", "0123"),
            ("TASKMESH_DEMO_SVC__DATABASE__URL", "42"),
            ("TASKMESH_DEMO_SVC__DATABASE__NOTE", "007"),
        ],
    )
    .expect("usable");
    assert_eq!(config.database.password.reveal(), "0123");
    assert_eq!((config.database.url.as_str(), config.database.note.as_deref()), ("42", Some("007")));
}

#[test]
fn unknown_keys_are_refused_wherever_they_are() {
    let in_file = load("[database]\nurk = 1\n", &[]).expect_err("unknown");
    assert!(in_file.contains("urk"), "{in_file}");
    let in_environment = load("", &[("TASKMESH_DEMO_SVC__DATABASE__URK", "1")]).expect_err("unknown");
    assert!(in_environment.contains("urk") && in_environment.contains("TASKMESH_DEMO_SVC__"), "{in_environment}");
    assert!(load("", &[("TASKMESH_DEMO_SVC__PROCESS__SHUTDOWN__SLOWLY", "1")]).is_err());
}

#[test]
fn values_of_the_wrong_kind_and_settings_that_make_no_sense_are_refused() {
    let wrong = load("[database]\nmax_connections = 'many'\n", &[]).expect_err("not a number");
    assert!(wrong.contains("max_connections"), "{wrong}");
    let senseless = load("[database]\nmax_connections = 0\n", &[]).expect_err("none");
    assert!(senseless.contains("more than 0"), "{senseless}");
    let missing = config::load_with::<Config>("demo-svc", Some("no such file".as_ref()), std::iter::empty());
    assert!(missing.is_err());
}

#[test]
fn printed_settings_show_no_secrets_and_can_be_read_again() {
    let file = "[database]\nurl = 'postgres://me:hidden1@host/db'\npassword = 'hidden2'\n";
    let config = load(file, &[]).expect("usable");
    let printed = config::print(&config).expect("printed");
    assert!(!printed.contains("hidden"), "{printed}");
    assert!(!format!("{config:?}").contains("hidden2"));
    assert_eq!(load(&printed, &[]).expect("readable").database.url, "postgres://me:[redacted]@host/db");
}
