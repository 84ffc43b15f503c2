//! What helps those who run each service on its own, in images without a shell.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use mesh_rpc::{KeySet, TokenSigner};

use crate::program::Program;

#[test]
fn keys_are_made_once_and_fit_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("keys");
    let read = |file: &str| fs::read_to_string(keys.join(file)).expect(file);
    assert!(taskmesh(&["new-keys", text(&keys)]).status.success());
    let made = ["gateway.pem", "scheduler.pem", "keys.json"].map(read);
    let signer = |issuer, pem: &str| TokenSigner::from_pem(issuer, pem).expect("a key").public_key().clone();
    let public = vec![signer("gateway", &made[0]), signer("scheduler-svc", &made[1])];
    assert_eq!(made[2], KeySet::from(public).to_jwks());
    let mode = fs::metadata(keys.join("gateway.pem")).expect("its mode").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "a private key is its owner's only");
    assert!(taskmesh(&["new-keys", text(&keys)]).status.success());
    assert_eq!(["gateway.pem", "scheduler.pem", "keys.json"].map(read), made, "those that are there stay");
}

#[test]
fn the_release_is_told() {
    let told = taskmesh(&["--version"]);
    let told = String::from_utf8(told.stdout).expect("text");
    assert!(told.starts_with(concat!("taskmesh ", env!("CARGO_PKG_VERSION"), " (")), "{told}");
}

#[tokio::test]
async fn an_address_is_well_if_it_answers_with_200() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(folder.path()).await;
    let url = |path: &str| format!("http://{}{path}", program.address);
    assert!(taskmesh(&["check", &url("/readyz")]).status.success());
    let both = taskmesh(&["check", &url("/healthz"), &url("/readyz")]);
    assert_eq!(String::from_utf8_lossy(&both.stdout).lines().count(), 2, "it says what answers");
    let missing = taskmesh(&["check", &url("/readyz"), &url("/nothing-here")]);
    assert!(!missing.status.success() && said(&missing).contains("404"), "{missing:?}");
    assert!(!taskmesh(&["check", "http://127.0.0.1:1/"]).status.success(), "nobody listens there");
    let secure = taskmesh(&["check", "https://example.com/"]);
    assert!(!secure.status.success() && said(&secure).contains("http://"), "{secure:?}");
}

fn taskmesh(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_taskmesh")).args(arguments).output().expect("it runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of letters")
}
