//! What can be asked of the program.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use hyper::Uri;
use notify_svc::domain::Network;

use crate::key_set::SigningKey;

/// Taskmesh: a self-hosted task system.
#[derive(Debug, Parser)]
#[command(name = "taskmesh", version = mesh_runtime::version(), disable_help_subcommand = true)]
pub(crate) struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run every service in this process, with its data in a folder.
    Serve(ServeOptions),
    /// Print the public keys that the services of a mesh need, from the private ones.
    KeySet(KeySetOptions),
    /// Make the keys of a mesh: a private one for each service that signs, and the public ones of both.
    NewKeys(NewKeysOptions),
    /// Ask web addresses, and succeed if each answers with 200: for containers that have no other program to do so.
    Check(CheckOptions),
}

/// How to serve.
#[derive(Args, Debug)]
pub(crate) struct ServeOptions {
    /// The address at which gRPC, gRPC-Web and REST are served; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// The folder that holds all data and the signing key; it is created on the first run.
    #[arg(long, value_name = "FOLDER", default_value = "./data")]
    pub(crate) data: PathBuf,
    /// An address for metrics and health of the process; none without it.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) admin_listen: Option<SocketAddr>,
    /// What to log, by module, such as `info,task_svc=debug`.
    #[arg(long, value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// A file to write when ready: JSON with the process's id and addresses.
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// An OpenTelemetry collector to tell of traces, such as `http://127.0.0.1:4317`; none without it.
    #[arg(long = "traces-to", value_name = "URL")]
    pub(crate) traces_to: Option<String>,
    /// A network of your own that webhooks may be sent to, such as `192.168.1.0/24`; none without it.
    #[arg(long = "webhooks-to", value_name = "NETWORK")]
    pub(crate) webhook_networks: Vec<Network>,
}

/// Whose keys.
#[derive(Args, Debug)]
pub(crate) struct KeySetOptions {
    /// A service and the file of its private key (Ed25519, PKCS #8 PEM), such as `gateway=signing-key.pem`.
    #[arg(value_name = "SERVICE=FILE", required = true)]
    pub(crate) keys: Vec<SigningKey>,
}

/// Where to put keys.
#[derive(Args, Debug)]
pub(crate) struct NewKeysOptions {
    /// The folder; keys that are there stay as they are.
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}

/// What to ask.
#[derive(Args, Debug)]
pub(crate) struct CheckOptions {
    /// The addresses, such as `http://127.0.0.1:9090/readyz`.
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<Uri>,
    /// For how long to ask each again if it does not answer so.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) retry_seconds: u64,
}
